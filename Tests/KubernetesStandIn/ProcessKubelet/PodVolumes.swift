import FoundationEssentials
import Glibc
import JSON

/// The volumes of a pod, as folders of this machine.
struct PodVolumes {
    /// Why a volume cannot be had: the kubelet's words, for an event `FailedMount`.
    struct Failure: Error {
        var message: String
    }

    /// The folder of each volume, by its name.
    private(set) var folders: [String: String] = [:]

    /// Makes the volumes.
    ///
    /// - Parameters:
    ///   - folder: the pod's own.
    ///   - claims: where persistent volumes are.
    ///   - find: reads a Secret or a ConfigMap of the pod's namespace.
    init(
        _ pod: JSONValue, in folder: String, claims: String,
        find: (_ plural: String, _ name: String) -> JSONValue?
    ) throws(Failure) {
        let group = pod["spec"]?["securityContext"]?["fsGroup"]?.integer
        for volume in pod["spec"]?["volumes"]?.array ?? [] {
            let name = volume["name"]?.string ?? ""
            let place = "\(folder)/volumes/\(name)"
            folders[name] = place
            if let secret = volume["secret"] {
                try PodVolumes.fill(place, "secrets", secret, secret["secretName"]?.string, name, find)
            } else if let map = volume["configMap"] {
                try PodVolumes.fill(place, "configmaps", map, map["name"]?.string, name, find)
            } else if volume["emptyDir"] != nil {
                try PodVolumes.makeShared(place, group: group)
            } else if let claim = volume["persistentVolumeClaim"]?["claimName"]?.string {
                guard find("persistentvolumeclaims", claim) != nil else {
                    throw Failure(message: "persistentvolumeclaim \"\(claim)\" not found")
                }
                let place = "\(claims)/\(pod.namespace ?? "")/\(claim)"
                folders[name] = place
                try PodVolumes.makeShared(place, group: group)
            } else {
                throw Failure(message: "volume \"\(name)\" is of a kind that is not played here")
            }
        }
    }

    /// What a mount shows of a volume: all of it, or a part, which is made with the volume's own mode.
    func source(of mount: JSONValue) throws(Failure) -> String {
        guard let folder = folders[mount["name"]?.string ?? ""] else {
            throw Failure(message: "there is no volume \(mount["name"]?.string ?? "")")
        }
        guard let part = mount["subPath"]?.string, !part.isEmpty else { return folder }
        let place = "\(folder)/\(part)"
        if access(place, F_OK) != 0 {
            var info = stat()
            stat(folder, &info)
            try PodVolumes.makeShared(place, group: Int64(info.st_gid))
        }
        return place
    }

    // MARK: Content

    /// The texts of a Secret or a ConfigMap, by key.
    static func texts(of object: JSONValue) -> [String: String] {
        let data = object["data"]?.object ?? [:]
        guard object["kind"]?.string == "Secret" else { return data.compactMapValues(\.string) }
        return data.compactMapValues { value in
            value.string.flatMap { Data(base64Encoded: $0) }.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private static func fill(
        _ place: String, _ plural: String, _ source: JSONValue, _ object: String?, _ volume: String,
        _ find: (String, String) -> JSONValue?
    ) throws(Failure) {
        let name = object ?? ""
        makeFolders(place)
        guard let found = find(plural, name) else {
            if source["optional"]?.bool == true { return }
            throw Failure(
                message:
                    "MountVolume.SetUp failed for volume \"\(volume)\" : \(plural.dropLast()) \"\(name)\" not found"
            )
        }
        let texts = texts(of: found)
        let usual = source["defaultMode"]?.integer ?? 0o644
        let items = source["items"]?.array ?? texts.keys.map { ["key": .string($0), "path": .string($0)] }
        for item in items {
            let key = item["key"]?.string ?? ""
            guard let text = texts[key] else {
                throw Failure(
                    message:
                        "MountVolume.SetUp failed for volume \"\(volume)\" : references non-existent \(plural.dropLast()) key: \(key)"
                )
            }
            write(text, to: "\(place)/\(item["path"]?.string ?? key)", mode: item["mode"]?.integer ?? usual)
        }
    }

    private static func write(_ text: String, to path: String, mode: Int64) {
        makeFolders(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
        // A volume that cannot be written is found missing by whoever mounts it.
        try? Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, mode_t(truncatingIfNeeded: mode))
    }

    /// Everybody may write, and what is made there belongs to the volumes' group.
    private static func makeShared(_ place: String, group: Int64?) throws(Failure) {
        guard makeFolders(place) else {
            throw Failure(message: "make \(place): \(String(cString: strerror(errno)))")
        }
        if let group { chown(place, uid_t.max, gid_t(truncatingIfNeeded: group)) }
        chmod(place, group == nil ? 0o777 : 0o2777)
    }

    @discardableResult
    private static func makeFolders(_ path: String) -> Bool {
        (try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)) != nil
    }
}
