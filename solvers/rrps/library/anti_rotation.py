"""Anti-rotation: beats the opponent's usual step from throw to throw, and stops when it falls behind.

After the bot ``antirotnbot``, in own code: Billings (2000), "Thoughts on RoShamBo", ICGA Journal 23(1): 3-8.
"""

from nashforge.solvers.rrps.interface import Player


class AntiRotation(Player):
    memory = 0.98
    bound = 40.0

    def act(self, own, theirs, t):
        if self.score < -self.bound:
            return self.uniform()
        return self.reply(self.them.steps(self.memory))
