/// What the best division of the values so far costs, as a function of its newest level.
struct LevelCost {
    /// What one value adds: a parabola around it, and the same everywhere further away.
    struct Loss {
        var value: Double
        /// One by the squared deviation.
        var weight: Double
        /// How far from the value the parabola goes.
        var reach: Double
        var bound: Double
    }

    /// The least cost, and where the newest level begins that has it.
    struct Best {
        var cost: Double
        var start: Int
    }

    /// The cost for newest levels up to `end`, from the end of the piece before: weight·(level - centre)² + least.
    private struct Piece {
        var end: Double
        var weight = 0.0
        var centre = 0.0
        var least = 0.0
        /// Where the newest level begins when it lies in this piece.
        var start = 0

        func cost(_ level: Double) -> Double { weight * (level - centre) * (level - centre) + least }

        /// Whether it is the same parabola of the same division.
        func continues(_ other: Piece) -> Bool {
            start == other.start && least == other.least && weight == other.weight && centre == other.centre
        }

        func adding(_ loss: Loss) -> Piece {
            let sum = weight + loss.weight
            let (apart, share) = (centre - loss.value, loss.weight / sum)
            return Piece(
                end: end, weight: sum, centre: centre - share * apart,
                least: least + weight * share * apart * apart, start: start)
        }

        func adding(_ constant: Double) -> Piece {
            var piece = self
            piece.least += constant
            return piece
        }
    }

    private let low: Double
    /// The first `count` are in use.
    private var pieces: [Piece]
    private var count = 1
    /// Room for the next pieces, so that none is made anew for each value.
    private var spare: [Piece] = []

    /// For levels between `low` and `high`, before there is a value: 0.
    init(from low: Double, to high: Double) {
        self.low = low
        pieces = [Piece(end: high)]
    }

    /// Takes in a value. Before that, wherever going on costs more than `cost`, a new level that begins at `start` takes its place.
    mutating func take(_ loss: Loss, orNewLevelAt start: Int, costing cost: Double) -> Best {
        // A piece becomes three at most by the new level, and the value's parabola ends twice.
        let room = 3 * count + 2
        if spare.count < room { spare = [Piece](repeating: Piece(end: 0), count: 2 * room) }
        let new = Piece(end: 0, least: cost, start: start)
        let (low, known) = (low, count)
        let taken = spare.withUnsafeMutableBufferPointer { next in
            pieces.withUnsafeBufferPointer { pieces in
                var taking = Taking(loss: loss, left: low, pieces: next)
                for index in 0..<known {
                    let piece = pieces[index]
                    let (from, to) = LevelCost.stretch(of: piece, from: taking.left, below: cost)
                    if from > taking.left { taking.push(new, to: from) }
                    if to > taking.left { taking.push(piece, to: to) }
                    if piece.end > to { taking.push(new, to: piece.end) }
                }
                return (count: taking.count, best: taking.best)
            }
        }
        count = taken.count
        swap(&pieces, &spare)
        return taken.best
    }

    /// The pieces with one value more, from left to right.
    private struct Taking {
        let loss: Loss
        /// How far it has come.
        var left: Double
        let pieces: UnsafeMutableBufferPointer<Piece>
        var count = 0
        var best = Best(cost: .infinity, start: 0)

        init(loss: Loss, left: Double, pieces: UnsafeMutableBufferPointer<Piece>) {
            self.loss = loss
            self.left = left
            self.pieces = pieces
        }

        /// Goes on to `end` with `piece` and the value's loss.
        mutating func push(_ piece: Piece, to end: Double) {
            let (near, far) = (loss.value - loss.reach, loss.value + loss.reach)
            if left < near { append(piece.adding(loss.bound), to: min(near, end)) }
            if left < end, left < far { append(piece.adding(loss), to: min(far, end)) }
            if left < end { append(piece.adding(loss.bound), to: end) }
        }

        private mutating func append(_ piece: Piece, to end: Double) {
            let lowest = piece.cost(min(max(piece.centre, left), end))
            if lowest < best.cost { best = Best(cost: lowest, start: piece.start) }
            left = end
            if count > 0, piece.continues(pieces[count - 1]) {
                pieces[count - 1].end = end
            } else {
                pieces[count] = piece
                pieces[count].end = end
                count += 1
            }
        }
    }

    /// Between which levels from `left` to its end a piece costs less than `cost`; both at its end where it does nowhere.
    private static func stretch(
        of piece: Piece, from left: Double, below cost: Double
    ) -> (from: Double, to: Double) {
        if piece.least >= cost, piece.weight > 0 || piece.least > cost { return (piece.end, piece.end) }
        if piece.cost(left) <= cost, piece.cost(piece.end) <= cost { return (left, piece.end) }
        let half = ((cost - piece.least) / piece.weight).squareRoot()
        let (from, to) = (max(left, piece.centre - half), min(piece.end, piece.centre + half))
        return from < to ? (from, to) : (piece.end, piece.end)
    }
}
