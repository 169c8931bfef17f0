internal import Descriptors
internal import Events
package import Runtime

/// Tells it to whoever reads the service's log: one line.
package struct LogChannel: NotificationChannel {
    private let output: StructuredLog

    package init(output: StructuredLog) {
        self.output = output
    }

    package func deliver(_ notice: AlarmNotice) async throws(NotificationError) {
        let alarm = notice.alarm
        let fields = [
            "alarm.id": alarm.id, "alarm.text": alarm.message, "alarm.severity": alarm.rule.severity.rawValue,
            "benchmark": alarm.series.benchmark, "metric": alarm.series.metric, "series.id": alarm.series.id,
            "run.id": alarm.resolvedBy ?? alarm.run, "delivery.id": notice.id,
        ]
        switch alarm.state {
        case .open: output.warning("alarm raised", fields)
        case .acknowledged: output.info("alarm acknowledged", fields)
        case .resolved: output.info("alarm resolved", fields)
        }
    }
}
