"""The standards system (标准规范体系): what contracts say, as pages and as Open Data Contract Standard files."""
