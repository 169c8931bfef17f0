/// What an image has in it, as far as containers that are processes of this machine can tell: the machine's own system, read-only, and what is
/// named here.
package struct ProcessImage: Sendable {
    /// A file or folder of this machine, and where containers find it.
    package struct Content: Sendable {
        package var source: String
        package var place: String
        package var isWritable: Bool

        package init(_ source: String, at place: String, isWritable: Bool = false) {
            self.source = source
            self.place = place
            self.isWritable = isWritable
        }
    }

    package static let usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    package var contents: [Content]
    /// The image's own variables: weaker than the pod's.
    package var variables: [String: String]
    /// What runs when the pod names no command; its arguments come after it.
    package var entrypoint: [String]
    /// What is given to `entrypoint` when the pod names neither command nor arguments.
    package var arguments: [String]
    /// Whom the image itself runs as.
    package var user = 0

    package init(
        _ contents: [Content] = [], variables: [String: String] = ["PATH": usualPath],
        entrypoint: [String] = [],
        arguments: [String] = []
    ) {
        self.contents = contents
        self.variables = variables
        self.entrypoint = entrypoint
        self.arguments = arguments
    }

    /// The installation's image: the programs that were built, on the `PATH`.
    ///
    /// - Parameter programs: the folder that they are in.
    package static func agent(programs: String) -> ProcessImage {
        let place = "/srv/benchmark-ai/bin"
        return ProcessImage(
            ["bai-agent", "bai-courier"].map { Content("\(programs)/\($0)", at: "\(place)/\($0)") },
            variables: ["PATH": "\(place):\(usualPath)"])
    }
}
