internal import HTTPMessages

/// Which objects of a collection.
package struct Selection: Hashable, Sendable {
    /// `bai.run=1,tier in (a, b)`; nil for all.
    package var labels: String?
    /// `status.phase=Running`; nil for all.
    package var fields: String?

    package init(labels: String? = nil, fields: String? = nil) {
        self.labels = labels
        self.fields = fields
    }

    var query: [QueryItem] {
        (labels.map { [QueryItem("labelSelector", $0)] } ?? [])
            + (fields.map { [QueryItem("fieldSelector", $0)] } ?? [])
    }
}
