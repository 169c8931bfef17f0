internal import API
internal import Events
internal import Runtime

/// An event of the streams before it has its place among them.
struct ToldEvent {
    var run: String
    /// The benchmark's name where the event tells it; else that of the run is shown.
    var name = ""
    var time: Timestamp
    var kind: RunEvent.Kind
    var status: RunStatus?
    var reason: Reason?
    var message: String
    var attempt = 0
    var position: Int?
    var series: String?
    var alarm: String?
}
