/// How many GPUs a type of cloud machine has.
package enum InstanceTypes {
    /// GPUs of one machine; nil when the type may have some but is not known here.
    package static func gpus(of type: String) -> Int? {
        if let count = counts[type] { return count }
        // Families that begin with g or p and a number are the ones with GPUs.
        let letters = type.prefix { $0.isLetter }
        let hasGPUs =
            (letters == "g" || letters == "p") && type.dropFirst().first?.isNumber == true
            && type.contains(".")
        return hasGPUs ? nil : 0
    }

    private static let counts: [String: Int] = [
        "g3s.xlarge": 1, "g3.4xlarge": 1, "g3.8xlarge": 2, "g3.16xlarge": 4,
        "g4dn.xlarge": 1, "g4dn.2xlarge": 1, "g4dn.4xlarge": 1, "g4dn.8xlarge": 1, "g4dn.12xlarge": 4,
        "g4dn.16xlarge": 1, "g4dn.metal": 8,
        "g4ad.xlarge": 1, "g4ad.2xlarge": 1, "g4ad.4xlarge": 1, "g4ad.8xlarge": 2, "g4ad.16xlarge": 4,
        "g5.xlarge": 1, "g5.2xlarge": 1, "g5.4xlarge": 1, "g5.8xlarge": 1, "g5.12xlarge": 4, "g5.16xlarge": 1,
        "g5.24xlarge": 4, "g5.48xlarge": 8,
        "g6.xlarge": 1, "g6.2xlarge": 1, "g6.4xlarge": 1, "g6.8xlarge": 1, "g6.12xlarge": 4, "g6.16xlarge": 1,
        "g6.24xlarge": 4, "g6.48xlarge": 8,
        "g6e.xlarge": 1, "g6e.2xlarge": 1, "g6e.4xlarge": 1, "g6e.8xlarge": 1, "g6e.12xlarge": 4,
        "g6e.16xlarge": 1,
        "g6e.24xlarge": 4, "g6e.48xlarge": 8,
        "p2.xlarge": 1, "p2.8xlarge": 8, "p2.16xlarge": 16,
        "p3.2xlarge": 1, "p3.8xlarge": 4, "p3.16xlarge": 8, "p3dn.24xlarge": 8,
        "p4d.24xlarge": 8, "p4de.24xlarge": 8, "p5.4xlarge": 1, "p5.48xlarge": 8, "p5e.48xlarge": 8,
        "p5en.48xlarge": 8,
    ]
}
