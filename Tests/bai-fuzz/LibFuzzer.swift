#if LIBFUZZER
    import Fuzzing
    import Glibc

    /// Fuzzing by LLVM's libFuzzer, which is led by what an input reaches.
    enum LibFuzzer {
        /// Its entry for programs that have a `main` of their own.
        @_silgen_name("LLVMFuzzerRunDriver")
        private static func drive(
            _ count: UnsafeMutablePointer<Int32>,
            _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
            _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
        ) -> Int32

        /// What libFuzzer's callback, which captures nothing, reads for.
        nonisolated(unsafe) private static var target = FuzzTarget.toml

        /// Runs until libFuzzer's own options, such as `-max_total_time`, end it.
        static func run(_ target: FuzzTarget, options: [String]) -> Int32 {
            // Before the driver starts, and never again.
            self.target = target
            // libFuzzer keeps pointers into these for as long as the program runs.
            var words = (["bai-fuzz"] + options).map { strdup($0) }
            words.append(nil)
            let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count)
            list.initialize(from: words, count: words.count)
            var count = Int32(words.count - 1)
            var pointer = list
            return drive(&count, &pointer) { bytes, length in
                let input = Array(UnsafeBufferPointer(start: bytes, count: length))
                do {
                    try LibFuzzer.target.check(input)
                } catch {
                    // It takes the end of the program for a finding, keeps the input and says where it is.
                    fatalError("\(error)")
                }
                return 0
            }
        }
    }
#endif
