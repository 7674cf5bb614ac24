"""The knowledge base (知识库): Markdown texts of laws flow in as deliveries; answers to words flow out of its index."""
