// Whoever renders pods speaks of what they are told, and what they say: one import is enough for both. The contract is a target of its own because the agent
// needs no more than it, and starts faster the fewer libraries it loads.
@_exported public import PodContract
