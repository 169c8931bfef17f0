import Fuzzing
@preconcurrency import Glibc

// `bai-fuzz TARGET SECONDS [SEED]`: `make fuzz`.
setvbuf(stdout, nil, _IOLBF, 0)
let words = CommandLine.arguments.dropFirst()
guard let target = words.first.flatMap(FuzzTarget.init) else {
    let known = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    print("usage: bai-fuzz TARGET SECONDS [SEED]; a target is one of \(known)")
    exit(2)
}
exit(try SeededFuzzing.run(target, options: Array(words.dropFirst())))
