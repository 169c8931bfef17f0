/// What a team asks for: one checked benchmark descriptor, every default filled in.
///
/// A superset of Benchmark AI's descriptor. Its JSON has the shape and the keys of the TOML file. How a file becomes one,
/// and what is checked on the way, is `DescriptorReader`'s business; decoding JSON checks types only and fills in what is missing,
/// so that a record written by an earlier version can be read.
package struct Descriptor: Codable, Equatable, Sendable {
    package var specVersion: String
    package var info: Info
    package var hardware: Hardware
    package var env: ContainerEnvironment
    package var ml: Program?
    package var data: Datasets?
    package var output: Output?
    package var server: Server?
    package var customParams: CustomParams
    package var run: Measurement
    package var matrix: Matrix?
    package var schedule: Schedule?
    package var alarms: [Alarm]

    package init(
        specVersion: String = "0.1.0", info: Info, hardware: Hardware, env: ContainerEnvironment,
        ml: Program? = nil, data: Datasets? = nil, output: Output? = nil, server: Server? = nil,
        customParams: CustomParams = CustomParams(), run: Measurement = Measurement(), matrix: Matrix? = nil,
        schedule: Schedule? = nil, alarms: [Alarm] = []
    ) {
        self.specVersion = specVersion
        self.info = info
        self.hardware = hardware
        self.env = env
        self.ml = ml
        self.data = data
        self.output = output
        self.server = server
        self.customParams = customParams
        self.run = run
        self.matrix = matrix
        self.schedule = schedule
        self.alarms = alarms
    }

    package enum CodingKeys: String, CodingKey {
        case info, hardware, env, ml, data, output, server, run, matrix, schedule, alarms
        case specVersion = "spec_version"
        case customParams = "custom_params"
    }

    package init(from decoder: any Decoder) throws {
        let keys = try decoder.container(keyedBy: CodingKeys.self)
        specVersion = try keys.decode(String.self, forKey: .specVersion)
        info = try keys.decode(Info.self, forKey: .info)
        hardware = try keys.decode(Hardware.self, forKey: .hardware)
        env = try keys.decode(ContainerEnvironment.self, forKey: .env)
        ml = try keys.decodeIfPresent(Program.self, forKey: .ml)
        data = try keys.decodeIfPresent(Datasets.self, forKey: .data)
        output = try keys.decodeIfPresent(Output.self, forKey: .output)
        server = try keys.decodeIfPresent(Server.self, forKey: .server)
        customParams = try keys.value(.customParams, or: CustomParams())
        run = try keys.value(.run, or: Measurement())
        matrix = try keys.decodeIfPresent(Matrix.self, forKey: .matrix)
        schedule = try keys.decodeIfPresent(Schedule.self, forKey: .schedule)
        alarms = try keys.value(.alarms, or: [])
    }
}

extension KeyedDecodingContainer {
    /// The value of `key`, or `fallback` where it is missing or null.
    func value<Value: Decodable>(_ key: Key, or fallback: Value) throws -> Value {
        try decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
}
