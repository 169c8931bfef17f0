// swift-tools-version: 6.2
// No package dependencies: everything beyond the toolchain is a C library from Debian (infra/setup/apt-packages.txt).
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func system(_ name: String, pkgConfig: String? = nil, apt: String? = nil) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: apt.map { [.apt([$0])] })
}

func library(_ name: String, _ uses: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: uses, swiftSettings: settings)
}

func program(_ name: String, _ uses: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: uses, swiftSettings: settings)
}

/// A service's executable is one screen over its library.
func service(_ name: String, _ library: Target.Dependency) -> Target {
    program(name, [library, "Deployment"])
}

/// - Parameter besides: files and folders of the tests that are read, not compiled.
func tests(of name: String, _ uses: [Target.Dependency] = [], besides: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: [.byName(name: name), "TestSupport"] + uses, exclude: besides,
        swiftSettings: settings)
}

let cLibraries: [Target] = [
    system("CArchive", pkgConfig: "libarchive", apt: "libarchive-dev"),
    system("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
    system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    system("CLinux"),
    system("CMicrohttpd", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev"),
    system("CPCRE2", pkgConfig: "libpcre2-8", apt: "libpcre2-dev"),
    system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
    system("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
    // toml++ is C++: compiled once behind extern "C"; exceptions are off so that none can cross into Swift.
    .target(
        name: "CTOML",
        cxxSettings: [.define("TOML_HEADER_ONLY", to: "1"), .define("TOML_EXCEPTIONS", to: "0")]),
]

let base: [Target] = [
    library("Runtime", ["CLinux"]),
    library("JSON"),
    // What is wrong in a text that a person wrote, and where: positions, carets, "did you mean".
    library("Diagnostics"),
    library("TOML", ["CTOML", "Diagnostics"]),
    library("SQLite", ["CSQLite"]),
    library("Digests", ["CCrypto"]),
    library("Patterns", ["CPCRE2"]),
    // What both sides of HTTP speak of: a client never imports a server.
    library("HTTPMessages"),
    library("CommandLineArguments", ["Diagnostics"]),
    library("Configuration", ["Runtime", "TOML", "Diagnostics"]),
]

let domain: [Target] = [
    library("Descriptors", ["JSON", "TOML", "Diagnostics", "Patterns", "Runtime"]),
    library("Detection"),
    // Who may ask for what: tokens as values.
    library("Access", ["Digests"]),
    library("Events", ["JSON", "Runtime", "Descriptors"]),
    library("Runs", ["Events", "Descriptors", "Detection", "Runtime"]),
    // What renderer, watcher and agent agree by: what a pod is told, where things are in it, what it says in the end.
    library("PodContract", ["Descriptors", "Events", "JSON", "Runtime"]),
    // What Kubernetes is asked for: its objects as values, and how they follow from an attempt.
    library("KubernetesObjects", ["PodContract", "Descriptors", "Digests", "Events", "JSON", "Runtime"]),
    library("API", ["HTTPMessages", "JSON", "Events", "Descriptors", "Runtime"]),
]

let adapters: [Target] = [
    library("MessageLog", ["Runtime"]),
    library("SQLiteLog", ["MessageLog", "SQLite", "Runtime", "CLinux"]),
    library("HTTPClient", ["CCurl", "HTTPMessages", "Runtime"]),
    library("HTTPServer", ["CMicrohttpd", "HTTPMessages", "JSON", "Runtime"]),
    library("Manifests", ["CYAML", "JSON"]),
    library(
        "ObjectStore", ["Digests", "HTTPClient", "HTTPMessages", "CArchive", "CLinux", "JSON", "Runtime"]),
    // A client of the Kubernetes API; what is asked of a cluster is up to those above.
    library("Kubernetes", ["HTTPClient", "HTTPMessages", "JSON", "Manifests", "Runtime"]),
    // An installation's objects on a cluster: made, waited for, taken away.
    library("Provisioning", ["Kubernetes", "Manifests", "JSON", "Runtime"]),
    library("MetricStore", ["SQLite", "Events", "JSON", "Runtime"]),
    library("JobRunner", ["Events", "Descriptors", "Runs", "JSON", "Runtime", "CLinux"]),
    // Attempts as objects of a cluster.
    library(
        "KubernetesRunner",
        [
            "Kubernetes", "KubernetesObjects", "JobRunner", "Descriptors", "Events", "JSON",
            "Runtime",
        ]),
    library(
        "Notification",
        ["HTTPClient", "HTTPMessages", "Digests", "Descriptors", "Events", "JSON", "Runtime"]),
    library(
        "ServiceLoop", ["HTTPMessages", "MessageLog", "Events", "Runs", "HTTPServer", "JSON", "Runtime"]),
]

let services: [Target] = [
    library(
        "BFFService",
        [
            "Access", "ServiceLoop", "MessageLog", "API", "SQLite", "HTTPServer", "HTTPMessages",
            "MetricStore",
            "ObjectStore", "Events", "Runs",
            "Descriptors", "Patterns", "Digests", "JSON", "Runtime",
        ]),
    library(
        "FetcherService",
        [
            "ServiceLoop", "ObjectStore", "Digests", "Events", "Descriptors", "HTTPMessages", "Runtime",
            "JSON",
        ]),
    library("ExecutorService", ["ServiceLoop", "JobRunner", "ObjectStore", "Runs", "Descriptors", "JSON"]),
    library("WatcherService", ["ServiceLoop", "JobRunner", "Runs", "Descriptors", "JSON"]),
    library(
        "MetricsPusherService",
        [
            "ServiceLoop", "MetricStore", "Descriptors", "Detection", "Digests", "Events", "JSON", "Runtime",
        ]),
    library(
        "AnalyzerService",
        [
            "ServiceLoop", "Notification", "Descriptors", "Detection", "Digests", "Events", "Runtime",
        ]),
    library(
        "AgentService",
        [
            "MessageLog", "JobRunner", "PodContract", "Events", "Descriptors", "Patterns", "JSON",
            "Runtime", "CLinux",
        ]),
    // What an agent in a pod needs HTTP for: fetching, delivering, asking a server whether it is ready.
    library(
        "AgentCourier",
        [
            "AgentService", "PodContract", "API", "ObjectStore", "HTTPClient", "HTTPMessages", "Digests",
            "Descriptors", "Events", "Runtime",
        ]),
    library("BFFClient", ["API", "HTTPClient", "HTTPMessages", "Events", "JSON", "Runtime"]),
    // Where the parts of an installation are, and how a program is put together from them.
    library(
        "Deployment",
        [
            "Access", "CommandLineArguments", "Configuration", "Diagnostics", "TOML", "Events",
            "Kubernetes", "KubernetesObjects", "KubernetesRunner", "SQLiteLog",
            "MessageLog",
            "ServiceLoop", "HTTPClient", "HTTPServer", "JobRunner", "MetricStore", "ObjectStore", "Runtime",
        ]),
    // What has to be true of an installation whatever happened to it: for bai-chaos and tests, no part of the product.
    library(
        "Invariants",
        ["MessageLog", "MetricStore", "Runs", "Events", "Descriptors", "Detection", "JSON", "Runtime"]),
    library(
        "Commands",
        [
            "Access", "CommandLineArguments", "BFFClient", "Deployment", "Descriptors", "Manifests",
            "Configuration", "Detection", "Digests", "Events", "Kubernetes", "KubernetesObjects",
            "KubernetesRunner",
            "ObjectStore",
            "Provisioning",
            "API", "Runs", "MessageLog", "SQLiteLog", "JSON", "Runtime",
        ]),
]

let programs: [Target] = [
    program("baictl", ["Commands"]),
    service("bai-bff", "BFFService"),
    service("bai-fetcher", "FetcherService"),
    service("bai-executor", "ExecutorService"),
    service("bai-watcher", "WatcherService"),
    service("bai-metrics-pusher", "MetricsPusherService"),
    service("bai-analyzer", "AnalyzerService"),
    // Not more than it needs: it is started twice for each attempt, and every library costs it time.
    program("bai-agent", ["AgentService", "SQLiteLog", "MessageLog", "JobRunner", "Runtime"]),
    program("bai-courier", ["AgentCourier", "AgentService", "Runtime"]),
    .executableTarget(
        name: "bai-chaos",
        dependencies: [
            "Invariants", "Deployment", "BFFClient", "API", "SQLiteLog", "MessageLog", "MetricStore",
            "JobRunner",
            "SQLite", "Detection", "Events", "Runtime", "JSON",
        ],
        path: "Tests/bai-chaos", swiftSettings: settings),
    .executableTarget(
        name: "bai-fuzz", dependencies: ["Fuzzing"], path: "Tests/bai-fuzz", swiftSettings: settings),
    .executableTarget(
        name: "Benchmarks",
        dependencies: [
            "SQLiteLog", "MessageLog", "BFFClient", "API", "Access", "Descriptors", "Events", "Deployment",
            "HTTPClient", "HTTPMessages", "Runtime", "JSON",
        ],
        path: "Benchmarks", exclude: ["Detection"], swiftSettings: settings),
]

let testTargets: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: [
            "Runtime", "MessageLog", "SQLiteLog", "Events", "Descriptors", "JSON", "JobRunner", "ServiceLoop",
        ],
        path: "Tests/TestSupport", swiftSettings: settings),
    // Readers of what others write, with what has to hold for them, and what tries to show that it does not.
    .target(
        name: "Fuzzing",
        dependencies: [
            "AgentService", "BFFService", "Descriptors", "Diagnostics", "HTTPMessages", "HTTPServer", "JSON",
            "MetricStore", "Runtime", "TOML",
        ],
        path: "Tests/Fuzzing", swiftSettings: settings),
    tests(of: "Fuzzing", ["JSON", "Runtime"], besides: ["Corpus"]),
    // A process that tests stop, kill and let run out of disk.
    .executableTarget(
        name: "log-worker", dependencies: ["SQLiteLog", "MessageLog", "Runtime"], path: "Tests/LogWorker",
        swiftSettings: settings),
    // Starts a container of the stand-in's process kubelet.
    .executableTarget(name: "pod-container", path: "Tests/PodContainer"),
    // An API server for tests, no part of the product.
    .target(
        name: "KubernetesStandIn", dependencies: ["HTTPServer", "HTTPMessages", "JSON", "Runtime", "CLinux"],
        path: "Tests/KubernetesStandIn", exclude: ["README.md"], swiftSettings: settings),
    tests(of: "Runtime"),
    tests(of: "JSON"),
    tests(of: "Diagnostics"),
    tests(of: "TOML", ["Diagnostics"]),
    tests(of: "SQLite"),
    tests(of: "Digests"),
    tests(of: "Patterns"),
    tests(of: "CommandLineArguments"),
    tests(of: "Configuration", ["Diagnostics", "Runtime"]),
    tests(of: "Descriptors", ["JSON", "Runtime", "TOML", "Diagnostics"]),
    tests(of: "Detection", besides: ["Golden"]),
    tests(of: "Access", ["Digests"]),
    tests(of: "Events", ["JSON", "Descriptors", "Runtime"], besides: ["Golden"]),
    tests(of: "Runs"),
    tests(
        of: "KubernetesObjects", ["Descriptors", "Events", "JSON", "Manifests", "Runtime"],
        besides: ["Golden"]),
    tests(of: "API", ["JSON"]),
    tests(of: "MessageLog", ["SQLiteLog", "SQLite", "log-worker"]),
    tests(of: "HTTPMessages"),
    tests(of: "HTTPClient", ["HTTPServer", "HTTPMessages"]),
    tests(of: "HTTPServer", ["HTTPClient", "HTTPMessages"]),
    tests(of: "Manifests"),
    tests(of: "ObjectStore", ["HTTPServer"]),
    tests(of: "Kubernetes", ["KubernetesStandIn", "HTTPMessages", "JSON", "Runtime"]),
    tests(of: "Provisioning", ["Kubernetes", "KubernetesRunner", "KubernetesStandIn", "JSON", "Runtime"]),
    tests(of: "KubernetesStandIn", ["HTTPClient", "HTTPMessages", "JSON", "Runtime", "pod-container"]),
    tests(of: "MetricStore"),
    tests(of: "JobRunner", ["bai-agent", "SQLiteLog", "MessageLog"]),
    tests(
        of: "KubernetesRunner",
        [
            "Descriptors", "Events", "ExecutorService", "HTTPMessages", "JSON", "JobRunner", "Kubernetes",
            "KubernetesObjects", "KubernetesStandIn", "MessageLog", "Runtime", "SQLiteLog", "ServiceLoop",
            "WatcherService", "bai-agent",
        ]),
    tests(of: "Notification", ["HTTPServer"]),
    tests(of: "ServiceLoop", ["SQLite", "SQLiteLog", "HTTPServer", "HTTPMessages"]),
    tests(
        of: "BFFService",
        [
            "Access", "API", "BFFClient", "Descriptors", "Digests", "Events", "Fuzzing", "HTTPClient",
            "HTTPMessages",
            "HTTPServer", "JSON", "MessageLog", "MetricStore", "ObjectStore",
            "Runs", "Runtime", "ServiceLoop", "SQLite",
        ]),
    tests(of: "BFFClient", ["API", "Events", "HTTPMessages", "JSON", "Runtime"]),
    tests(of: "FetcherService", ["ObjectStore", "HTTPServer"]),
    tests(of: "ExecutorService", ["JobRunner"]),
    tests(of: "WatcherService", ["JobRunner"]),
    tests(of: "MetricsPusherService", ["MetricStore"]),
    tests(of: "AnalyzerService", ["Notification", "HTTPServer"]),
    tests(
        of: "AgentService",
        ["JobRunner", "PodContract", "MessageLog", "Descriptors", "Events", "JSON"]),
    tests(
        of: "AgentCourier",
        [
            "AgentService", "PodContract", "API", "ObjectStore", "HTTPServer", "HTTPMessages", "Descriptors",
            "Events", "JSON", "Digests", "bai-agent", "bai-courier",
        ]),
    tests(of: "Deployment", ["Access"]),
    tests(of: "Commands", ["API", "JSON", "KubernetesStandIn", "MessageLog", "SQLite", "SQLiteLog"]),
    tests(
        of: "Invariants", ["Descriptors", "Events", "JSON", "MessageLog", "MetricStore", "Runs", "Runtime"]),
    .testTarget(
        name: "EndToEndTests",
        dependencies: [
            "TestSupport", "KubernetesStandIn", "BFFClient", "API", "Digests", "Events", "JSON", "MessageLog",
            "Provisioning", "SQLite", "SQLiteLog", "Runtime", "pod-container",
            "baictl", "bai-bff", "bai-fetcher",
            "bai-executor",
            "bai-watcher", "bai-metrics-pusher", "bai-analyzer", "bai-agent", "bai-chaos",
        ],
        swiftSettings: settings),
    .testTarget(name: "TidyTests", dependencies: [], swiftSettings: settings),
]

let package = Package(
    name: "benchmark-ai",
    targets: cLibraries + base + domain + adapters + services + programs + testTargets,
    cxxLanguageStandard: .cxx17
)
