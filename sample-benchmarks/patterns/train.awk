# Finds the line between two clouds of points by gradient descent, and prints how well it does after each epoch.
# No client library: the descriptor's patterns read the printed lines.

function sigmoid(x) { return 1 / (1 + exp(-x)) }

# Points of class 0 lie around (-1, -1), those of class 1 around (1, 1). The same in every run and in every awk.
function make_points(    i, side) {
    seed = 42
    for (i = 0; i < points; i++) {
        class[i] = i % 2
        side = 2 * class[i] - 1
        x[i] = side + 3 * (chance() - 0.5)
        y[i] = side + 3 * (chance() - 0.5)
    }
}

function chance() {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
}

function run_epoch(    i, p, error, dx, dy, db) {
    loss = right = dx = dy = db = 0
    for (i = 0; i < points; i++) {
        p = sigmoid(wx * x[i] + wy * y[i] + bias)
        error = p - class[i]
        dx += error * x[i]; dy += error * y[i]; db += error
        loss -= log(class[i] ? p : 1 - p)
        right += (p > 0.5) == class[i]
    }
    wx -= dx / points; wy -= dy / points; bias -= db / points
    loss /= points
}

BEGIN {
    points = 2000
    epochs = 20
    print "training on " points " points"
    make_points()
    for (epoch = 1; epoch <= epochs; epoch++) {
        run_epoch()
        printf "epoch %2d: loss=%.4f accuracy=%.4f\n", epoch, loss, right / points
        fflush()
    }
    printf "finished after %d epochs, loss=%.4f\n", epochs, loss
}
