internal import MessageLog
internal import Runtime

/// What somebody waits for, and the signal on which it sleeps until that comes.
final class Ear: Sendable {
    let signal = Signal()
    private let news: News
    private let places: [Int]
    private let heard: Locked<[News.Mark]>

    /// - Parameter places: where in the news that what is waited for is counted.
    init(_ news: News, _ places: Set<Int>) {
        self.news = news
        self.places = Array(places)
        heard = Locked(self.places.map { news.mark($0) })
    }

    /// Rings if something may have come since the last time.
    func listen() {
        let isNew = heard.withLock { heard in
            var isNew = false
            for (index, place) in places.enumerated() {
                let mark = news.mark(place)
                if mark != heard[index] {
                    heard[index] = mark
                    isNew = true
                }
            }
            return isNew
        }
        if isNew { signal.ring() }
    }
}
