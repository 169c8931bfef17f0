import Runtime
import Testing

@Suite struct TrafficTests {
    private struct Refusal: Error {}

    @Test func anOperationIsInEveryBucketThatItIsShorterThan() {
        let traffic = Traffic()
        traffic.count(.log, "publish", took: .milliseconds(3))
        traffic.count(.log, "publish", took: .seconds(11))
        #expect(
            traffic.text.contains(
                "\nbai_border_seconds_bucket{border=\"log\",operation=\"publish\",le=\"0.0025\"} 0\n"))
        #expect(
            traffic.text.contains(
                "\nbai_border_seconds_bucket{border=\"log\",operation=\"publish\",le=\"0.005\"} 1\n"))
        #expect(
            traffic.text.contains(
                "\nbai_border_seconds_bucket{border=\"log\",operation=\"publish\",le=\"10.0\"} 1\n"))
        #expect(
            traffic.text.contains(
                "\nbai_border_seconds_bucket{border=\"log\",operation=\"publish\",le=\"+Inf\"} 2\n"))
        #expect(
            traffic.text.contains("\nbai_border_seconds_sum{border=\"log\",operation=\"publish\"} 11.003\n"))
        #expect(traffic.text.contains("\nbai_border_seconds_count{border=\"log\",operation=\"publish\"} 2\n"))
    }

    @Test func whatIsThrownIsAFailureAndIsThrownOn() async {
        let traffic = Traffic()
        await #expect(throws: Refusal.self) {
            try await traffic.measure(.httpOut, "GET") { () async throws(Refusal) in throw Refusal() }
        }
        traffic.count(.httpIn, "GET /v1/runs", took: .zero)
        #expect(
            traffic.text.hasSuffix(
                """
                # TYPE bai_border_failures_total counter
                bai_border_failures_total{border="http_in",operation="GET /v1/runs"} 0
                bai_border_failures_total{border="http_out",operation="GET"} 1

                """))
    }

    @Test func nothingIsSaidOfWhatNeverHappened() {
        #expect(Traffic().text == "")
    }
}
