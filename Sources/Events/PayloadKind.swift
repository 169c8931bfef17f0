/// Every kind of payload that there is, by its name on the wire. One that is not listed here cannot be written, and each has a golden file.
package enum PayloadKind: String, CaseIterable, Sendable {
    case runSubmitted = "run_submitted"
    case runFetched = "run_fetched"
    case jobCreated = "job_created"
    case statusChanged = "status_changed"
    case attemptFinished = "attempt_finished"
    case collectionRequested = "collection_requested"
    case runCollected = "run_collected"
    case command
    case metricBatch = "metric_batch"
    case logBatch = "log_batch"
    case metricsEnded = "metrics_ended"
    case logsEnded = "logs_ended"
    case resultComputed = "result_computed"
    case alarmChanged = "alarm_changed"
    case deadLetter = "dead_letter"
    case deadLetterReplayed = "dead_letter_replayed"
}
