import Configuration
import Diagnostics
import Runtime
import TestSupport
import Testing

/// Settings of every kind.
enum Example {
    static let home = Setting<String>.path("home", default: "/var/lib/bai", "Where everything is.")
    static let level = Setting<String>.choice(
        "log.level", of: ["debug", "info", "error"], default: "info", "What is written.")
    static let bodyLimit = Setting<ByteSize>.size(
        "http.body_limit", default: .mebibytes(1), "The largest body.")
    static let timeout = Setting<TimeSpan>.duration(
        "http.timeout", in: .seconds(1)...(.seconds(60)), default: .seconds(30),
        "How long a request may take.")
    static let connections = Setting<Int>.integer("http.connections", in: 1...100, default: 16, "At most.")
    static let token = Setting<String?>.optionalString(
        "http.token", isSecret: true, "Who has it may do everything.")
    static let pin = Setting<Int>.integer("http.pin", in: 1000...9999, default: 1234, "A number.")
    static let hosts = Setting<[String]>.list("fetch.hosts", "Where data may come from.")
    static let privileged = Setting<Bool>.boolean("run.privileged", default: false, "Whether it is allowed.")
    static let socket = Setting<String?>.optionalPath(
        "http.socket", variable: "BAI_SOCKET", fallbackText: "below home", "The socket.")

    static let all: [SettingDeclaration] = [
        home.declaration, level.declaration, bodyLimit.declaration, timeout.declaration,
        connections.declaration,
        token.declaration, pin.declaration, hosts.declaration, privileged.declaration, socket.declaration,
    ]

    static func read(
        _ file: String = "", environment: [String: String] = [:], flags: [SettingFlag] = []
    ) -> SettingsReading {
        SettingsReader(all).read(
            file: SourceText(name: "/etc/bai/bai.toml", bytes: Array(file.utf8)), environment: environment,
            flags: flags)
    }
}

@Suite struct SettingsReaderTests {
    @Test func withoutAnythingEverySettingHasItsDefault() throws {
        let settings = try #require(Example.read().settings)
        #expect(settings[Example.home] == "/var/lib/bai")
        #expect(settings[Example.level] == "info")
        #expect(settings[Example.bodyLimit] == .mebibytes(1))
        #expect(settings[Example.timeout] == .seconds(30))
        #expect(settings[Example.connections] == 16)
        #expect(settings[Example.token] == nil)
        #expect(settings[Example.hosts] == [])
        #expect(settings[Example.privileged] == false)
        #expect(settings[Example.socket] == nil)
        #expect(settings.origin(of: Example.home) == .fallback)
    }

    @Test func theFileSetsEveryKind() throws {
        let reading = Example.read(
            """
            home = "data"
            log.level = "debug"
            run = { privileged = true }
            [http]
            body_limit = "2GiB"
            timeout = "5s"
            connections = 3
            token = "t"
            socket = "~/s"
            [fetch]
            hosts = ["a", "b,c"]
            """, environment: ["HOME": "/home/me"])
        #expect(reading.problems.report == "")
        let settings = try #require(reading.settings)
        #expect(settings[Example.home] == "/etc/bai/data")
        #expect(settings[Example.level] == "debug")
        #expect(settings[Example.bodyLimit] == .gibibytes(2))
        #expect(settings[Example.timeout].duration == .seconds(5))
        #expect(settings[Example.connections] == 3)
        #expect(settings[Example.token] == "t")
        #expect(settings[Example.hosts] == ["a", "b,c"])
        #expect(settings[Example.privileged])
        #expect(settings[Example.socket] == "/home/me/s")
        #expect(settings.origin(of: Example.token) == .file("/etc/bai/bai.toml", line: 8))
    }

    @Test func theEnvironmentSetsEveryKind() throws {
        let environment = [
            "BAI_HOME": "here", "BAI_LOG_LEVEL": "error", "BAI_HTTP_BODY_LIMIT": "5MB",
            "BAI_HTTP_TIMEOUT": "1s",
            "BAI_HTTP_CONNECTIONS": "7", "BAI_HTTP_TOKEN": "x y", "BAI_FETCH_HOSTS": "a, b",
            "BAI_RUN_PRIVILEGED": "yes",
            "BAI_SOCKET": "/s",
        ]
        let settings = try #require(Example.read(environment: environment).settings)
        #expect(settings[Example.home] == "here")
        #expect(settings[Example.level] == "error")
        #expect(settings[Example.bodyLimit].bytes == 5_000_000)
        #expect(settings[Example.timeout] == .seconds(1))
        #expect(settings[Example.connections] == 7)
        #expect(settings[Example.token] == "x y")
        #expect(settings[Example.hosts] == ["a", "b"])
        #expect(settings[Example.privileged])
        #expect(settings[Example.socket] == "/s")
    }

    @Test func aFlagWinsOverTheEnvironmentAndThatOverTheFile() throws {
        let file = "[http]\nconnections = 1"
        let environment = ["BAI_HTTP_CONNECTIONS": "2"]
        let flags = [3, 4].map { SettingFlag(key: "http.connections", flag: "--connections", value: "\($0)") }
        #expect(Example.read(file).settings?[Example.connections] == 1)
        #expect(Example.read(file, environment: environment).settings?[Example.connections] == 2)
        let settings = Example.read(file, environment: environment, flags: flags).settings
        #expect(settings?[Example.connections] == 4)
        #expect(settings?.origin(of: Example.connections) == .flag("--connections"))
    }

    @Test func anEmptyVariableCountsAsNone() {
        #expect(Example.read(environment: ["BAI_HTTP_CONNECTIONS": ""]).settings?[Example.connections] == 16)
    }

    @Test func allProblemsAreToldAtOnce() {
        let reading = Example.read(
            """
            hmoe = "x"
            fetch = 3
            [http]
            conections = 3
            timeout = 30
            body_limit = "lots"
            [log]
            level = "debgu"
            body_limit = "1MB"
            [other]
            x = 1
            """,
            environment: [
                "BAI_HTTP_CONNECTIONS": "0", "BAI_RUN_PRIVILEGED": "maybe", "BAI_HTTP_TIMEUOT": "3s",
            ],
            flags: [
                SettingFlag(key: "http.timeout", flag: "--timeout", value: "5"),
                SettingFlag(key: "log.levl", flag: "--config", value: "debug"),
            ])
        #expect(reading.settings == nil)
        #expect(
            reading.problems.report == """
                /etc/bai/bai.toml:1:1: error[unknown_setting]: there is no setting "hmoe"
                    1 | hmoe = "x"
                      | ^
                  did you mean: home

                /etc/bai/bai.toml:2:9: error[wrong_type]: fetch is an integer
                    2 | fetch = 3
                      |         ^
                  expected: a table: [fetch]

                /etc/bai/bai.toml:4:1: error[unknown_setting]: there is no setting "http.conections"
                    4 | conections = 3
                      | ^
                  did you mean: http.connections

                /etc/bai/bai.toml:5:11: error[wrong_type]: http.timeout is an integer
                    5 | timeout = 30
                      |           ^
                  expected: a duration from 1s to 1m, such as "30s" or "1h30m"
                  did you mean: "30s"

                /etc/bai/bai.toml:6:14: error[bad_value]: http.body_limit is "lots"
                    6 | body_limit = "lots"
                      |              ^
                  expected: a size such as "512MiB" or "10GB"

                /etc/bai/bai.toml:8:9: error[unknown_value]: log.level is "debgu"
                    8 | level = "debgu"
                      |         ^
                  expected: one of "debug", "info", "error"
                  did you mean: debug

                /etc/bai/bai.toml:9:1: error[unknown_setting]: there is no setting "log.body_limit"
                    9 | body_limit = "1MB"
                      | ^
                  did you mean: http.body_limit

                /etc/bai/bai.toml:10:2: error[unknown_setting]: there is no setting "other"
                   10 | [other]
                      |  ^

                BAI_HTTP_CONNECTIONS: error[out_of_range]: http.connections is 0
                      | 0
                      | ^
                  expected: an integer from 1 to 100

                BAI_RUN_PRIVILEGED: error[bad_value]: run.privileged is "maybe"
                      | maybe
                      | ^
                  expected: true or false

                BAI_HTTP_TIMEUOT: warning[unknown_setting]: BAI_HTTP_TIMEUOT is no setting
                  did you mean: BAI_HTTP_TIMEOUT

                --timeout: error[bad_value]: http.timeout is "5"
                      | 5
                      | ^
                  expected: a duration from 1s to 1m, such as "30s" or "1h30m"
                  did you mean: 5s

                --config: error[unknown_setting]: there is no setting "log.levl"
                  did you mean: log.level

                12 errors, 1 warning
                """)
    }

    @Test func variablesOfBenchmarksAndTestsAreNoMisspeltSettings() {
        let others = ["BAI_METRICS", "BAI_RECORD", "BAI_FAILPOINT", "BAI_STRICT", "BAI_DATA_HOME", "BAI_X"]
        let environment = Dictionary(uniqueKeysWithValues: others.map { ($0, "1") })
        #expect(Example.read(environment: environment).problems.report == "")
    }

    @Test func aSecretIsNeverShown() throws {
        let secret = "hunter2"
        let reports = [
            Example.read("[http]\ntoken = \(secret)").problems.report,
            Example.read("[http]\ntoken = \"\(secret)").problems.report,
            Example.read("[http]\ntoken = [\"\(secret)\"]").problems.report,
        ]
        for report in reports {
            #expect(!report.contains(secret) && report.contains("bai.toml"), "\(report)")
        }
        let settings = try #require(Example.read(environment: ["BAI_HTTP_TOKEN": secret]).settings)
        #expect(settings.explain().allSatisfy { $0.value?.contains(secret) != true })
    }

    @Test func explainSaysWhoSaidWhat() throws {
        let reading = Example.read(
            "[http]\ntoken = \"t\"\nconnections = 3", environment: ["BAI_LOG_LEVEL": "debug"],
            flags: [SettingFlag(key: "home", flag: "--home", value: "/x")])
        let rows = try #require(reading.settings).explain()
        #expect(
            rows.map { "\($0.key) \($0.value ?? "-") \($0.origin) \($0.variable)" } == [
                "fetch.hosts  default BAI_FETCH_HOSTS",
                "home /x --home BAI_HOME",
                "http.body_limit 1MiB default BAI_HTTP_BODY_LIMIT",
                "http.connections 3 /etc/bai/bai.toml:3 BAI_HTTP_CONNECTIONS",
                "http.pin 1234 default BAI_HTTP_PIN",
                "http.socket below home default BAI_SOCKET",
                "http.timeout 30s default BAI_HTTP_TIMEOUT",
                "http.token ******** /etc/bai/bai.toml:2 BAI_HTTP_TOKEN",
                "log.level debug BAI_LOG_LEVEL BAI_LOG_LEVEL",
                "run.privileged false default BAI_RUN_PRIVILEGED",
            ])
    }

    @Test func aMissingFileIsAMistakeOnlyWhenItWasAskedFor() throws {
        let folder = try TemporaryFolder()
        let reader = SettingsReader(Example.all)
        #expect(
            reader.read(path: folder.file("bai.toml"), isRequired: false, environment: [:]).problems.isEmpty)
        let asked = reader.read(
            path: folder.file("bai.toml"), isRequired: true, environment: ["BAI_HTTP_PIN": "1"])
        #expect(asked.settings == nil)
        #expect(asked.problems.map(\.code) == ["cannot_read", "out_of_range"])
        #expect(
            reader.read(path: folder.path, isRequired: false, environment: [:]).problems.map(\.code) == [
                "cannot_read"
            ])
    }

    @Test func aFileThatIsThereIsRead() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("bai.toml", "home = \"x\"")
        let settings = SettingsReader(Example.all).read(path: path, isRequired: true, environment: [:])
            .settings
        #expect(settings?[Example.home] == "\(folder.path)/x")
    }

    @Test func tildeNeedsAHome() {
        #expect(
            Example.read("home = \"~/x\"").problems.map(\.message) == ["home is \"~/x\", but HOME is not set"]
        )
    }
}
