package import API
package import Events
internal import HTTPMessages
internal import Runtime

// Runs.
extension BFFClient {
    /// Submits a descriptor. The runs in the answer are durable.
    ///
    /// - Parameter idempotencyKey: makes the call safe to repeat: the same key with the same request gives the same runs; with another it is refused
    ///   as `conflict`.
    package func submit(
        _ request: SubmitRequest, idempotencyKey: String? = nil
    ) async throws(BFFClientError) -> SubmitResponse {
        var headers = HTTPHeaders()
        headers["Idempotency-Key"] = idempotencyKey
        return try await post(
            "/v1/runs", try encode(request), headers: headers, timeout: settings.submitTimeout)
    }

    /// One page of the runs that fit, newest first.
    package func runs(_ query: RunQuery = RunQuery()) async throws(BFFClientError) -> Page<RunSummary> {
        try await get("/v1/runs", query.items)
    }

    /// Everything about one run.
    package func run(_ run: String) async throws(BFFClientError) -> RunDetail {
        try await get(path(run))
    }

    /// The run once its alarms are known: when it has ended and the analyzer has seen its results, or after `patience`, whichever is first.
    /// `isAnalyzed` tells which.
    package func analyzedRun(
        _ run: String, within patience: Duration = .seconds(10)
    ) async throws(BFFClientError) -> RunDetail {
        let end = time.now + patience
        while true {
            let detail = try await self.run(run)
            if detail.isAnalyzed || time.now >= end { return detail }
            do {
                try await time.sleep(for: .milliseconds(100))
            } catch {
                throw BFFClientError(.canceled, "canceled")
            }
        }
    }

    /// What a run was made from.
    package func descriptor(of run: String) async throws(BFFClientError) -> RunDescriptor {
        try await get(path(run, "/descriptor"))
    }

    /// Asks for a run's end. Works in every state, and any number of times; the run is canceled when its status says so.
    ///
    /// - Returns: the run as it is now.
    @discardableResult
    package func cancel(
        _ run: String, _ request: CancelRequest = CancelRequest()
    ) async throws(BFFClientError) -> RunSummary {
        try await post(path(run, "/cancel"), try encode(request))
    }

    /// Removes a run that has ended from every list; one that goes on is a `conflict`.
    package func delete(_ run: String) async throws(BFFClientError) {
        _ = try await send(BFFRequest(method: .delete, path: path(run), timeout: settings.timeout))
    }

    /// What has happened to one run, or to all (nil), after `cursor`: one page, oldest first.
    package func eventPage(
        of run: String? = nil, after cursor: String? = nil, limit: Int? = nil
    ) async throws(BFFClientError) -> Page<RunEvent> {
        var items: [QueryItem] = []
        items.add("cursor", cursor)
        items.add("limit", limit.map { "\($0)" })
        return try await get(run.map { path($0, "/events") } ?? "/v1/events", items)
    }

    /// One page of what a run printed, oldest first.
    package func logPage(
        of run: String, _ query: LogQuery = LogQuery()
    ) async throws(BFFClientError) -> Page<LogEntry> {
        try await get(path(run, "/logs"), query.items)
    }

    /// What a run measured: its results.
    package func metrics(of run: String) async throws(BFFClientError) -> RunMetrics {
        try await get(path(run, "/metrics"))
    }

    /// One page of the single points that a run measured.
    package func points(
        of run: String, _ query: PointQuery = PointQuery()
    ) async throws(BFFClientError) -> Page<MetricEntry> {
        try await get(path(run, "/metrics/points"), query.items)
    }

    func path(_ run: String, _ rest: String = "") -> String {
        "/v1/runs/\(PercentEncoding.encode(run))\(rest)"
    }
}

// Series, alarms and what went wrong.
extension BFFClient {
    /// One page of the alarms that fit, newest first.
    package func alarms(_ query: AlarmQuery = AlarmQuery()) async throws(BFFClientError) -> Page<Alarm> {
        try await get("/v1/alarms", query.items)
    }

    /// One alarm.
    package func alarm(_ id: String) async throws(BFFClientError) -> Alarm {
        try await get("/v1/alarms/\(PercentEncoding.encode(id))")
    }

    /// One page of the series that fit.
    package func series(
        _ query: SeriesQuery = SeriesQuery()
    ) async throws(BFFClientError) -> Page<SeriesSummary> {
        try await get("/v1/series", query.items)
    }

    /// One series with a page of its history, newest first.
    package func series(
        _ id: String, limit: Int? = nil, cursor: String? = nil
    ) async throws(BFFClientError) -> SeriesDetail {
        var items: [QueryItem] = []
        items.add("limit", limit.map { "\($0)" })
        items.add("cursor", cursor)
        return try await get("/v1/series/\(PercentEncoding.encode(id))", items)
    }

    /// One page of the records that services could not handle, newest first.
    package func deadLetters(
        limit: Int? = nil, cursor: String? = nil
    ) async throws(BFFClientError) -> Page<DeadLetterEntry> {
        var items: [QueryItem] = []
        items.add("limit", limit.map { "\($0)" })
        items.add("cursor", cursor)
        return try await get("/v1/deadletters", items)
    }

    /// Publishes the record of a dead letter again.
    @discardableResult
    package func replay(_ deadLetter: String) async throws(BFFClientError) -> ReplayResponse {
        try await post("/v1/deadletters/\(PercentEncoding.encode(deadLetter))/replay")
    }

    /// How the installation is doing.
    package func health() async throws(BFFClientError) -> HealthReport {
        try await get("/v1/health")
    }

    /// What answers there.
    package func version() async throws(BFFClientError) -> VersionReport {
        try await get("/v1/version")
    }
}
