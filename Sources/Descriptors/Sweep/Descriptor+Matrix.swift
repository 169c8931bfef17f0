internal import JSON

extension Descriptor {
    /// The descriptor of one combination: references replaced, the values also as environment variables and labels, no matrix.
    ///
    /// A label or variable of the team's own of the same name stays as it is.
    func applying(_ values: [String: JSONValue]) -> Descriptor {
        var descriptor = self
        descriptor.matrix = nil
        descriptor.replaceTexts { text in
            MatrixReference.replace(in: text) { values[$0]?.plainText }
        }
        descriptor.customParams.hyperParams = customParams.hyperParams.mapValues { $0.applying(values) }
        for (name, value) in values {
            descriptor.info.labels[name] = descriptor.info.labels[name] ?? LabelValue.of(value.plainText)
            let variable = MatrixVariable.name(of: name)
            descriptor.env.vars[variable] = descriptor.env.vars[variable] ?? value.plainText
        }
        return descriptor
    }

    /// Replaces every text that a reference can stand in.
    private mutating func replaceTexts(_ replace: (String) -> String) {
        info.description = replace(info.description)
        info.taskName = info.taskName.map(replace)
        info.labels = info.labels.mapValues(replace)
        hardware.instanceType = replace(hardware.instanceType)
        hardware.awsZoneID = hardware.awsZoneID.map(replace)
        hardware.availabilityZone = hardware.availabilityZone.map(replace)
        env.dockerImage = replace(env.dockerImage)
        env.vars = env.vars.mapValues(replace)
        ml?.replaceTexts(replace)
        if let sources = data?.sources { data?.sources = sources.map { $0.replacingTexts(replace) } }
        server?.replaceTexts(replace)
        customParams.pythonVersion = customParams.pythonVersion.map(replace)
        customParams.sagemakerJobName = customParams.sagemakerJobName.map(replace)
        customParams.dashboard = customParams.dashboard.map(replace)
        customParams.region = customParams.region.map(replace)
    }
}

extension Descriptor.Program {
    fileprivate mutating func replaceTexts(_ replace: (String) -> String) {
        benchmarkCode = benchmarkCode.map(replace)
        args = args.map(replace)
        frameworkVersion = frameworkVersion.map(replace)
        script = script.map { Descriptor.Script(script: replace($0.script)) }
    }
}

extension Descriptor.DataSource {
    fileprivate func replacingTexts(_ replace: (String) -> String) -> Self {
        var source = self
        source.src = replace(src)
        source.path = replace(path)
        source.id = id.map(replace)
        source.md5 = md5.map(replace)
        source.sha256 = sha256.map(replace)
        return source
    }
}

extension Descriptor.Server {
    fileprivate mutating func replaceTexts(_ replace: (String) -> String) {
        hardware.instanceType = replace(hardware.instanceType)
        hardware.awsZoneID = hardware.awsZoneID.map(replace)
        hardware.availabilityZone = hardware.availabilityZone.map(replace)
        env.dockerImage = replace(env.dockerImage)
        env.startCommand = replace(env.startCommand)
        env.startCommandArgs = env.startCommandArgs.map(replace)
        env.vars = env.vars.mapValues(replace)
        if let path = env.readinessProbe?.path { env.readinessProbe?.path = replace(path) }
        models = models.map { $0.replacingTexts(replace) }
    }
}

extension JSONValue {
    /// The value with references replaced; a string that is one reference and nothing else becomes the value itself, with its type.
    fileprivate func applying(_ values: [String: JSONValue]) -> JSONValue {
        switch self {
        case .string(let text):
            let names = MatrixReference.names(in: text)
            if names.count == 1, text == "${matrix.\(names[0])}", let value = values[names[0]] {
                return value
            }
            return .string(MatrixReference.replace(in: text) { values[$0]?.plainText })
        case .array(let elements): return .array(elements.map { $0.applying(values) })
        case .object(let members): return .object(members.mapValues { $0.applying(values) })
        case .null, .bool, .integer, .number: return self
        }
    }
}

/// The environment variable that holds an axis' value.
enum MatrixVariable {
    /// `BAI_MATRIX_BATCH_SIZE` for `batch_size`.
    static func name(of axis: String) -> String { "BAI_MATRIX_\(axis.uppercased())" }
}
