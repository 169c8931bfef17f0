import Testing

/// The floors of the house, lowest first. A target may import what is below it; on its own floor only what is drawn in Package.swift.
private let floors: [[String]] = [
    ["CArchive", "CCrypto", "CCurl", "CLinux", "CMicrohttpd", "CPCRE2", "CSQLite", "CTOML", "CYAML"],
    [
        "Runtime", "JSON", "TOML", "SQLite", "Digests", "Patterns", "Diagnostics", "HTTPMessages",
        "CommandLineArguments",
        "Configuration",
    ],
    ["Access", "Descriptors", "Detection", "Events", "Runs", "API", "PodContract", "KubernetesObjects"],
    [
        "MessageLog", "SQLiteLog", "HTTPClient", "HTTPServer", "Manifests", "Kubernetes", "ObjectStore",
        "MetricStore", "JobRunner", "KubernetesRunner", "Provisioning",
        "Notification", "ServiceLoop",
    ],
    [
        "BFFService", "FetcherService", "ExecutorService", "WatcherService", "MetricsPusherService",
        "AnalyzerService",
        "AgentService", "AgentCourier", "BFFClient", "Deployment", "Invariants", "Commands",
    ],
]

private func floor(of target: String) -> Int? {
    floors.firstIndex { $0.contains(target) }
}

@Suite struct ArchitectureTests {
    @Test func noTargetImportsOneOfAHigherFloor() throws {
        for file in try SourceTree.files(in: "Sources") {
            guard let own = floor(of: file.target) else { continue }
            for module in file.imports {
                guard let other = floor(of: module) else { continue }
                #expect(other <= own, "\(file.path) imports \(module), which stands above it")
            }
        }
    }

    @Test func everyTargetHasItsFloor() throws {
        let programs = try SourceTree.files(in: "Sources").filter { $0.path.hasSuffix("/main.swift") }.map(
            \.target)
        let targets = Set(try SourceTree.files(in: "Sources").map(\.target)).subtracting(programs)
        #expect(targets.filter { floor(of: $0) == nil } == [])
    }

    @Test func servicesNeverImportEachOther() throws {
        let services = floors[4].filter { $0.hasSuffix("Service") }
        for file in try SourceTree.files(in: "Sources") where services.contains(file.target) {
            #expect(file.imports.filter { services.contains($0) && $0 != file.target } == [], "\(file.path)")
        }
    }

    @Test func aClientNeverImportsAServer() throws {
        for file in try SourceTree.files(in: "Sources") where ["BFFClient", "Commands"].contains(file.target)
        {
            #expect(
                file.imports.filter { $0 == "HTTPServer" || $0.hasSuffix("Service") } == [], "\(file.path)")
        }
    }

    @Test func exactlyOneTargetImportsEachCLibrary() throws {
        var importers: [String: Set<String>] = [:]
        for file in try SourceTree.files(in: "Sources") {
            for module in file.imports where floors[0].contains(module) && module != "CLinux" {
                importers[module, default: []].insert(file.target)
            }
        }
        for (module, targets) in importers {
            #expect(targets.count == 1, "\(module) is imported by \(targets.sorted())")
        }
    }

    @Test func programsAreOneScreen() throws {
        for file in try SourceTree.files(in: "Sources") where file.path.hasSuffix("/main.swift") {
            #expect(file.lines.count <= 60, "\(file.path)")
        }
    }

    @Test func thePackageNamesNoPackageDependency() throws {
        #expect(try !SourceTree.text("Package.swift").contains(".package("))
    }
}
