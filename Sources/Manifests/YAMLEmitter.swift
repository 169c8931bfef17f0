internal import CYAML
internal import JSON

/// libyaml's emitter, for documents into memory.
final class YAMLEmitter {
    private let emitter: UnsafeMutablePointer<yaml_emitter_t>
    private var output: [UInt8] = []

    init() {
        emitter = .allocate(capacity: 1)
        emitter.initialize(to: yaml_emitter_t())
        let isReady = yaml_emitter_initialize(emitter)
        precondition(
            isReady == 1, "libyaml has no memory for an emitter: nor has anything else in this process")
        yaml_emitter_set_unicode(emitter, 1)
        // Lines are as long as they are: folded ones are hard to search and to copy.
        yaml_emitter_set_width(emitter, -1)
        // Not retained: libyaml writes only within `emit`, while this lives.
        yaml_emitter_set_output(emitter, appendOutput, Unmanaged.passUnretained(self).toOpaque())
        emit { yaml_stream_start_event_initialize($0, YAML_UTF8_ENCODING) }
    }

    deinit {
        yaml_emitter_delete(emitter)
        emitter.deallocate()
    }

    /// Writes a document.
    ///
    /// - Parameter isMarked: whether it begins with `---`, as each of several has to.
    func write(document: JSONValue, isMarked: Bool) {
        emit { yaml_document_start_event_initialize($0, nil, nil, nil, isMarked ? 0 : 1) }
        write(document)
        emit { yaml_document_end_event_initialize($0, 1) }
    }

    /// Ends the stream, and gives its text.
    func finish() -> String {
        emit { yaml_stream_end_event_initialize($0) }
        return String(decoding: output, as: UTF8.self)
    }

    private func write(_ value: JSONValue) {
        switch value {
        case .null: write(.plain("null"))
        case .bool(let value): write(.plain(value ? "true" : "false"))
        case .integer(let value): write(.plain(value.description))
        case .number(let value): write(YAMLScalar(value))
        case .string(let value): write(YAMLScalar(value))
        case .array(let values):
            emit { yaml_sequence_start_event_initialize($0, nil, nil, 1, YAML_BLOCK_SEQUENCE_STYLE) }
            for value in values { write(value) }
            emit { yaml_sequence_end_event_initialize($0) }
        case .object(let values):
            emit { yaml_mapping_start_event_initialize($0, nil, nil, 1, YAML_BLOCK_MAPPING_STYLE) }
            for (key, value) in values.sorted(by: { $0.key < $1.key }) {
                write(YAMLScalar(key))
                write(value)
            }
            emit { yaml_mapping_end_event_initialize($0) }
        }
    }

    private func write(_ scalar: YAMLScalar) {
        let (text, style) =
            switch scalar {
            case .plain(let text): (text, YAML_PLAIN_SCALAR_STYLE)
            case .quoted(let text): (text, YAML_SINGLE_QUOTED_SCALAR_STYLE)
            case .block(let text): (text, YAML_LITERAL_SCALAR_STYLE)
            }
        let bytes = Array(text.utf8)
        emit { yaml_scalar_event_initialize($0, nil, nil, bytes, Int32(bytes.count), 1, 1, style) }
    }

    /// Hands libyaml an event, which it takes over.
    private func emit(_ initialize: (UnsafeMutablePointer<yaml_event_t>) -> Int32) {
        var event = yaml_event_t()
        let isDone = initialize(&event) == 1 && yaml_emitter_emit(emitter, &event) == 1
        precondition(
            isDone, "libyaml refused an event: the order of events is ours, and texts in Swift are valid")
    }

    fileprivate func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        output.append(contentsOf: bytes)
    }
}

/// What libyaml writes with. The context is the emitter.
private let appendOutput:
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int) -> Int32 = {
        context, bytes, count in
        guard let context else { return 0 }
        let emitter = Unmanaged<YAMLEmitter>.fromOpaque(context).takeUnretainedValue()
        emitter.append(UnsafeBufferPointer(start: bytes, count: count))
        return 1
    }
