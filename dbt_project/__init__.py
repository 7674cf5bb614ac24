"""The dbt project as a package, so that its renderer can be imported."""
