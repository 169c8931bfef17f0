internal import Descriptors
internal import Events

/// What Kubernetes or the installation refuses of a descriptor that is right in itself.
enum RenderRules {
    /// Everything that is wrong with an attempt of `plans`.
    static func problems(
        _ request: AttemptRequest, _ plans: [PodPlan], _ settings: KubernetesSettings
    ) -> [RenderProblem] {
        var problems = engine(request.run.descriptor)
        problems += delivery(plans, settings)
        problems += size(request.run.descriptor)
        for plan in plans {
            problems += privileges(plan, settings)
            problems += hardware(plan)
            problems += command(plan, settings)
            problems += texts(plan)
            problems += secrets(plan, request.secrets)
            problems += paths(plan)
        }
        return problems
    }

    private static func engine(_ descriptor: Descriptor) -> [RenderProblem] {
        let engine = descriptor.info.executionEngine
        if engine == .installation { return [] }
        return [RenderProblem("info.execution_engine", "\"\(engine.rawValue)\" is not available here")]
    }

    private static func delivery(_ plans: [PodPlan], _ settings: KubernetesSettings) -> [RenderProblem] {
        var problems: [RenderProblem] = []
        if settings.delivery == .api, settings.server == nil {
            problems.append(
                RenderProblem(
                    "kubernetes.server", "the installation does not say where pods reach the API"))
        }
        if settings.objects == nil, settings.server == nil, plans.contains(where: { !$0.contents.isEmpty }) {
            problems.append(
                RenderProblem("kubernetes.objects", "the installation does not say where pods get data from"))
        }
        return problems
    }

    /// The most pods of one attempt: what is appended to names has three digits.
    private static let mostInstances = 1000

    private static func size(_ descriptor: Descriptor) -> [RenderProblem] {
        let distributed = descriptor.hardware.distributed
        guard descriptor.hardware.strategy.isDistributed,
            !(1...mostInstances).contains(distributed.numInstances)
        else { return [] }
        return [
            RenderProblem("hardware.distributed.num_instances", "has to be from 1 to \(mostInstances)")
        ]
    }

    private static func privileges(_ plan: PodPlan, _ settings: KubernetesSettings) -> [RenderProblem] {
        guard plan.isPrivileged, !settings.allowsPrivileged else { return [] }
        return [
            RenderProblem(
                "\(plan.table).privileged",
                "the installation allows no privileged containers (kubernetes.allow_privileged)")
        ]
    }

    private static func hardware(_ plan: PodPlan) -> [RenderProblem] {
        if plan.hardware.gpus != nil { return [] }
        return [
            RenderProblem(
                "\(plan.hardware.key).gpus",
                "how many GPUs \"\(plan.hardware.instanceType)\" has is not known: say gpus = ...")
        ]
    }

    private static func command(_ plan: PodPlan, _ settings: KubernetesSettings) -> [RenderProblem] {
        do throws(RenderFailure) {
            _ = try plan.words()
        } catch {
            return error.problems
        }
        if plan.isWrapped { return [] }
        // Servers and workers end by being deleted; of anybody else a plain sidecar would not know when to end.
        guard !settings.version.hasSidecars, ![.server, .worker].contains(plan.role) else { return [] }
        return [
            RenderProblem(
                plan.commandKey,
                "is needed on Kubernetes \(settings.version): the image's own command can be run from 1.29 on"
            )
        ]
    }

    /// Texts that a process cannot be given.
    private static func texts(_ plan: PodPlan) -> [RenderProblem] {
        let variables = plan.variables.sorted { $0.key < $1.key }
        var problems = variables.filter { !isVariableName($0.key) }.map {
            RenderProblem(
                "\(plan.table).vars", "\"\($0.key)\" cannot be the name of a variable in Kubernetes")
        }
        let texts =
            [(plan.commandKey, plan.command), (plan.argumentsKey, plan.arguments)]
            + variables.map { ("\(plan.table).vars.\($0.key)", $0.value) }
            + [("\(plan.table).docker_image", plan.image)]
        problems += texts.filter { $0.1.utf8.contains(0) }.map {
            RenderProblem($0.0, "holds a zero byte, at which a process would see it end")
        }
        if plan.image.isEmpty || plan.image.contains(where: \.isWhitespace) {
            problems.append(RenderProblem("\(plan.table).docker_image", "is no image's name"))
        }
        return problems
    }

    private static func secrets(_ plan: PodPlan, _ values: [String: String]) -> [RenderProblem] {
        Set(plan.secrets).sorted().filter { values[$0] == nil }.map {
            RenderProblem("\(plan.table).vars", "the installation has no secret \"\($0)\"")
        }
    }

    /// As the API server has it: letters, digits, `_`, `-` and `.`, not beginning with a digit or with two dots.
    private static func isVariableName(_ name: String) -> Bool {
        let isInside = name.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-_.".utf8.contains(byte)
        }
        guard isInside, let first = name.utf8.first else { return false }
        return !(48...57).contains(first) && name != "." && !name.hasPrefix("..")
    }

    /// Places where nothing can be mounted, or two things would be.
    private static func paths(_ plan: PodPlan) -> [RenderProblem] {
        let table = plan.role == .server ? "server.models" : "data.sources"
        var problems: [RenderProblem] = []
        var seen: Set<String> = []
        for placed in PlacedContent.all(plan.contents) {
            guard let path = placed.path else {
                if !isInside(placed.place) {
                    problems.append(RenderProblem("ml.script.script", "is no file's name"))
                }
                continue
            }
            let key = "\(table).path"
            if PodPath.isTaken(path) {
                problems.append(RenderProblem(key, "nothing can be put at \"\(path)\" in a container"))
            } else if path.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == 0 }) || !isInside(path) {
                problems.append(RenderProblem(key, "\"\(path)\" cannot be a path in a container"))
            } else if !seen.insert(path).inserted {
                problems.append(RenderProblem(key, "two contents would be at \"\(path)\""))
            }
        }
        return problems
    }

    private static func isInside(_ path: String) -> Bool {
        !path.split(separator: "/").contains("..") && !path.utf8.contains(0)
    }
}
