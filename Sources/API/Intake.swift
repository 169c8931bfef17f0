/// What `POST /v1/runs/{run}/attempts/{attempt}/records` answers.
package struct RecordsReceipt: Codable, Equatable, Sendable {
    /// How many records are durable now.
    package var records: Int

    package init(records: Int) { self.records = records }
}

/// What `PUT /v1/uploads/{sha256}` answers.
package struct UploadReceipt: Codable, Equatable, Sendable {
    package var sha256: String
    /// In bytes.
    package var size: Int64

    package init(sha256: String, size: Int64) {
        self.sha256 = sha256
        self.size = size
    }
}
