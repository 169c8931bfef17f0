package import JSON
package import Runtime

extension Descriptor {
    /// `[env]`: the container and its environment.
    package struct ContainerEnvironment: Codable, Equatable, Sendable {
        package var dockerImage: String
        package var privileged: Bool
        /// Whether `/dev/shm` gets more than the runtime's default.
        package var extendedShm: Bool
        package var vars: [String: String]

        package init(
            dockerImage: String, privileged: Bool = false, extendedShm: Bool = true,
            vars: [String: String] = [:]
        ) {
            self.dockerImage = dockerImage
            self.privileged = privileged
            self.extendedShm = extendedShm
            self.vars = vars
        }

        package enum CodingKeys: String, CodingKey {
            case privileged, vars
            case dockerImage = "docker_image"
            case extendedShm = "extended_shm"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            dockerImage = try keys.decode(String.self, forKey: .dockerImage)
            privileged = try keys.value(.privileged, or: false)
            extendedShm = try keys.value(.extendedShm, or: true)
            vars = try keys.value(.vars, or: [:])
        }
    }

    /// `[ml]`: the command. Without it the image's own entry point runs.
    package struct Program: Codable, Equatable, Sendable {
        /// The program with its first arguments, in the shell's words but not run by a shell.
        package var benchmarkCode: String?
        package var args: String?
        package var framework: Framework
        package var frameworkVersion: String?
        package var script: Script?

        package init(
            benchmarkCode: String? = nil, args: String? = nil, framework: Framework = .none,
            frameworkVersion: String? = nil, script: Script? = nil
        ) {
            self.benchmarkCode = benchmarkCode
            self.args = args
            self.framework = framework
            self.frameworkVersion = frameworkVersion
            self.script = script
        }

        package enum CodingKeys: String, CodingKey {
            case args, framework, script
            case benchmarkCode = "benchmark_code"
            case frameworkVersion = "framework_version"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            benchmarkCode = try keys.decodeIfPresent(String.self, forKey: .benchmarkCode)
            args = try keys.decodeIfPresent(String.self, forKey: .args)
            framework = try keys.value(.framework, or: .none)
            frameworkVersion = try keys.decodeIfPresent(String.self, forKey: .frameworkVersion)
            script = try keys.decodeIfPresent(Script.self, forKey: .script)
        }
    }

    /// The framework that an execution engine brings along.
    package enum Framework: String, Codable, Equatable, Sendable, CaseIterable {
        case none = ""
        case tensorflow, mxnet, pytorch
    }

    /// `[ml.script]`: the team's own files, copied to where the benchmark runs.
    package struct Script: Codable, Equatable, Sendable {
        /// A folder, a file, or a tar archive, beside the descriptor.
        package var script: String

        package init(script: String) { self.script = script }
    }

    /// `[data]`: what is fetched before the benchmark starts.
    package struct Datasets: Codable, Equatable, Sendable {
        package var sources: [DataSource]

        package init(sources: [DataSource] = []) { self.sources = sources }

        package enum CodingKeys: String, CodingKey { case sources }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            sources = try keys.value(.sources, or: [])
        }
    }

    /// One of `[[data.sources]]` or `[[server.models]]`: where it comes from and where the benchmark finds it.
    package struct DataSource: Codable, Equatable, Sendable {
        package var src: String
        package var path: String
        package var id: String?
        /// Lower-case hexadecimal digits.
        package var md5: String?
        /// Lower-case hexadecimal digits.
        package var sha256: String?
        /// Whether it is an archive to be unpacked into `path`.
        package var unpack: Bool
        package var maxSize: ByteSize?

        package init(
            src: String, path: String, id: String? = nil, md5: String? = nil, sha256: String? = nil,
            unpack: Bool = false, maxSize: ByteSize? = nil
        ) {
            self.src = src
            self.path = path
            self.id = id
            self.md5 = md5
            self.sha256 = sha256
            self.unpack = unpack
            self.maxSize = maxSize
        }

        package enum CodingKeys: String, CodingKey {
            case src, path, id, md5, sha256, unpack
            case maxSize = "max_size"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            src = try keys.decode(String.self, forKey: .src)
            path = try keys.decode(String.self, forKey: .path)
            id = try keys.decodeIfPresent(String.self, forKey: .id)
            md5 = try keys.decodeIfPresent(String.self, forKey: .md5)
            sha256 = try keys.decodeIfPresent(String.self, forKey: .sha256)
            unpack = try keys.value(.unpack, or: false)
            maxSize = try keys.decodeIfPresent(ByteSize.self, forKey: .maxSize)
        }
    }

    /// `[custom_params]`: what execution engines other than ours read.
    package struct CustomParams: Codable, Equatable, Sendable {
        package var pythonVersion: String?
        package var sagemakerJobName: String?
        package var dashboard: String?
        package var region: String?
        package var merge: Bool?
        package var hyperParams: [String: JSONValue]

        package init(
            pythonVersion: String? = nil, sagemakerJobName: String? = nil, dashboard: String? = nil,
            region: String? = nil, merge: Bool? = nil, hyperParams: [String: JSONValue] = [:]
        ) {
            self.pythonVersion = pythonVersion
            self.sagemakerJobName = sagemakerJobName
            self.dashboard = dashboard
            self.region = region
            self.merge = merge
            self.hyperParams = hyperParams
        }

        package enum CodingKeys: String, CodingKey {
            case dashboard, region, merge
            case pythonVersion = "python_version"
            case sagemakerJobName = "sagemaker_job_name"
            case hyperParams = "hyper_params"
        }

        package init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            pythonVersion = try keys.decodeIfPresent(String.self, forKey: .pythonVersion)
            sagemakerJobName = try keys.decodeIfPresent(String.self, forKey: .sagemakerJobName)
            dashboard = try keys.decodeIfPresent(String.self, forKey: .dashboard)
            region = try keys.decodeIfPresent(String.self, forKey: .region)
            merge = try keys.decodeIfPresent(Bool.self, forKey: .merge)
            hyperParams = try keys.value(.hyperParams, or: [:])
        }
    }
}
