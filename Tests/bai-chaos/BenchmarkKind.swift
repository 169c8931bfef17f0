import Events

/// The benchmarks that a campaign submits: each ends in a way of its own, which the machine's failures may delay but not change.
enum BenchmarkKind: String, CaseIterable {
    case quick, talkative, failing, slow, repeating, flaky, dataset, missing, high, low, hanging

    /// How it ends if nobody cancels it.
    var ending: RunStatus {
        switch self {
        case .quick, .talkative, .slow, .repeating, .flaky, .dataset, .high, .low: .succeeded
        case .failing: .failed
        case .missing: .error
        case .hanging: .timedOut
        }
    }

    /// Its descriptor.
    ///
    /// - Parameter witness: the folder with the script and what it writes down.
    func descriptor(witness: String) -> String {
        """
        spec_version = "0.1.0"
        [info]
        task_name = "\(name)"
        description = "what chaos is made of"
        [hardware]
        instance_type = "local"
        [env]
        docker_image = "none"
        [ml]
        benchmark_code = "sh \(witness)/benchmark.sh \(witness) \(rawValue)"
        [run]
        retries = 10
        grace_period = "1s"
        \(extra(witness))
        """
    }

    /// Both kinds with an alarm are one benchmark: the one raises what the other resolves.
    private var name: String {
        switch self {
        case .high, .low: "alarming"
        default: rawValue
        }
    }

    private func extra(_ witness: String) -> String {
        switch self {
        case .quick, .talkative, .failing, .slow: ""
        case .repeating: "warmup = 1\nrepeats = 2"
        case .flaky: "retry_on = [\"infrastructure\", \"benchmark\"]"
        case .dataset: "[[data.sources]]\nsrc = \"file:\(witness)/data\"\npath = \"data\"\nid = \"data\""
        case .missing: "[[data.sources]]\nsrc = \"file:\(witness)/no-such-file\"\npath = \"data\""
        case .high, .low:
            """
            [[output.metrics]]
            name = "latency"
            units = "ms"
            direction = "lower"
            [[alarms]]
            metric = "latency"
            above = 250
            notify = ["log"]
            """
        case .hanging: "timeout = \"1s\""
        }
    }

    /// The program of all of them. It writes down that it began, and whether it found a slot of its own: locks that the kernel frees with its last
    /// process, as the product's own slots have to be.
    static func script(slots: Int) -> String {
        let attempts = (0..<slots).map { slot in
            "exec \(slot + 3)>\"$witness/slot-\(slot)\"; if flock -n \(slot + 3); then found=1; break; fi"
        }
        return """
            witness=$1
            echo "$BAI_RUN_ID $BAI_ATTEMPT" >> "$witness/starts"
            found=0
            while :; do
            \(attempts.joined(separator: "\n"))
            break
            done
            [ $found = 1 ] || echo "$BAI_RUN_ID $BAI_ATTEMPT" >> "$witness/crowded"
            case $2 in
            quick) bai-emit value=1 value=2 value=3 ;;
            talkative) seq 200; for n in 1 2 3 4 5; do bai-emit a=$n b=$n c=$n d=$n; done ;;
            failing) bai-emit value=1; echo broken >&2; exit 3 ;;
            slow) sleep 0.7; bai-emit value=1 ;;
            repeating) bai-emit value=$BAI_ATTEMPT ;;
            flaky) bai-emit value=$BAI_ATTEMPT; [ $BAI_ATTEMPT -gt 1 ] ;;
            dataset) [ "$(cat "$BAI_DATA_DATA")" = content ] && bai-emit value=1 ;;
            missing) exit 9 ;;
            high) bai-emit latency=300ms ;;
            low) bai-emit latency=100ms ;;
            hanging) echo waiting; sleep 600 ;;
            esac
            """
    }
}
