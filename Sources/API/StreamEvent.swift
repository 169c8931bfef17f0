/// The names of messages in a stream that are not items.
package enum StreamEvent {
    /// Nothing more will come: the run has ended. A stream that ends without it broke off.
    package static let end = "end"
    /// The stream cannot go on; the data is an `ErrorBody`.
    package static let error = "error"
}
