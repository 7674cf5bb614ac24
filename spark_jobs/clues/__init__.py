"""The clue loop (风险核查处置): what rules find flows in; clues to departments, and what came of each, flow out.

raising (gold.clue_found → ops.clue) → dispatching (→ ops.clue_sent, who is told what until when) → sending (→ outbox).
"""
