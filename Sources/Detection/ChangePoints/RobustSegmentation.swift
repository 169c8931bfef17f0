/// Divides values into levels at the least cost, with a loss that is bounded: a few far-off values cannot buy a level of their own.
///
/// Minimises Σ min(((x - level) / deviation)², bound) + penalty·(levels - 1) exactly, by functional pruning: the cost of the best division so far is kept
/// as a function of the newest level, in pieces of parabolas, and takes in one value at a time (Maidstone, Hocking, Rigaill and Fearnhead 2017,
/// "On optimal multiple changepoint algorithms for large data", Statistics and Computing 27; with this loss Fearnhead and Rigaill 2019,
/// "Changepoint detection in the presence of outliers", JASA 114).
struct RobustSegmentation {
    /// The cost for newest levels up to `end`, from the end of the piece before: a·level² + b·level + c.
    private struct Piece {
        var end: Double
        var a = 0.0
        var b = 0.0
        var c = 0.0
        /// Where the newest level begins when it lies in this piece.
        var start = 0

        func cost(_ level: Double) -> Double { (a * level + b) * level + c }
    }

    /// From here on a value is as far away as any other, in squared deviations.
    private static let bound = 10.0

    private let penalty: Double
    private let low: Double
    private var pieces: [Piece]
    /// Room for the next pieces, so that none is made anew for each value.
    private var next: [Piece] = []
    /// For each value taken in, where the newest level of the best division began at that time.
    private var starts: [Int] = []
    /// The cost of the best division.
    private(set) var cost = 0.0

    init(_ values: [Double], _ deviations: [Double], penalty: Double) {
        self.penalty = penalty
        low = values.min() ?? 0
        pieces = [Piece(end: values.max() ?? 0)]
        starts.reserveCapacity(values.count)
        for (value, deviation) in zip(values, deviations) { take(value, deviation) }
    }

    /// Where the levels of the best division begin, without the first.
    var changes: [Int] {
        var changes: [Int] = []
        var end = starts.count
        while end > 0 {
            end = starts[end - 1]
            if end > 0 { changes.append(end) }
        }
        return changes.reversed()
    }

    private mutating func take(_ value: Double, _ deviation: Double) {
        if !starts.isEmpty { allowChange() }
        add(value, deviation)
        let best = minimum
        cost = best.cost
        starts.append(best.start)
    }

    private var minimum: (cost: Double, start: Int) {
        var best = (cost: Double.infinity, start: 0)
        var left = low
        for piece in pieces {
            let lowest = piece.a > 0 ? min(max(-piece.b / (2 * piece.a), left), piece.end) : left
            let cost = piece.cost(lowest)
            if cost < best.cost { best = (cost, piece.start) }
            left = piece.end
        }
        return best
    }

    /// Wherever going on costs more than beginning a new level here, the new level takes its place.
    private mutating func allowChange() {
        let new = Piece(end: 0, c: cost + penalty, start: starts.count)
        next.removeAll(keepingCapacity: true)
        var left = low
        for piece in pieces {
            let (from, to) = RobustSegmentation.stretch(of: piece, below: new.c)
            if from > left { push(new, to: min(from, piece.end)) }
            if from < piece.end, to > left, from < to { push(piece, to: min(to, piece.end)) }
            if to < piece.end { push(new, to: piece.end) }
            left = piece.end
        }
        swap(&pieces, &next)
    }

    /// Between which levels a piece costs less than `cost`; an empty stretch at its end where it does nowhere.
    private static func stretch(of piece: Piece, below cost: Double) -> (from: Double, to: Double) {
        if piece.a <= 0 {
            return piece.c <= cost ? (-.infinity, .infinity) : (.infinity, -.infinity)
        }
        let square = piece.b * piece.b - 4 * piece.a * (piece.c - cost)
        if square <= 0 { return (.infinity, -.infinity) }
        let root = square.squareRoot()
        return ((-piece.b - root) / (2 * piece.a), (-piece.b + root) / (2 * piece.a))
    }

    private mutating func push(_ piece: Piece, to end: Double) {
        if let last = next.last, last.start == piece.start, last.a == piece.a, last.b == piece.b,
            last.c == piece.c
        {
            next[next.count - 1].end = end
        } else {
            var piece = piece
            piece.end = end
            next.append(piece)
        }
    }

    /// Adds the loss of a value: a parabola around it, and the bound further away.
    private mutating func add(_ value: Double, _ deviation: Double) {
        let weight = 1 / (deviation * deviation)
        let reach = RobustSegmentation.bound.squareRoot() * deviation
        let near = (value - reach)...(value + reach)
        next.removeAll(keepingCapacity: true)
        var left = low
        for piece in pieces {
            var far = piece
            far.c += RobustSegmentation.bound
            var close = piece
            close.a += weight
            close.b -= 2 * weight * value
            close.c += weight * value * value
            if left < near.lowerBound { push(far, to: min(near.lowerBound, piece.end)) }
            if piece.end >= near.lowerBound, left <= near.upperBound {
                push(close, to: min(near.upperBound, piece.end))
            }
            if piece.end > near.upperBound { push(far, to: piece.end) }
            left = piece.end
        }
        swap(&pieces, &next)
    }
}
