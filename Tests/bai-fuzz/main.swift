import Fuzzing
@preconcurrency import Glibc

// `bai-fuzz TARGET SECONDS [SEED]`, or, built with libFuzzer, `bai-fuzz TARGET` with its options behind it.
setvbuf(stdout, nil, _IOLBF, 0)
let words = CommandLine.arguments.dropFirst()
guard let target = words.first.flatMap(FuzzTarget.init) else {
    let known = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    print("usage: bai-fuzz TARGET SECONDS [SEED]; a target is one of \(known)")
    exit(2)
}
#if LIBFUZZER
    exit(LibFuzzer.run(target, options: Array(words.dropFirst())))
#else
    exit(try SeededFuzzing.run(target, options: Array(words.dropFirst())))
#endif
