-- The model that every contender scores by, with the words of its codes.
select
    scored.*, section.label as industry_section_name, place.label as region_name, city.label as city_name,
    grade.label as grade_name
from gold.risk_score as scored
left join codes.industry as section on section.code = scored.industry_section
left join codes.region as place on place.code = scored.region_code
left join codes.region as city on city.code = scored.city_code
left join codes.code as grade on grade.list = 'risk_grade' and grade.code = scored.grade
where scored.model = 'market_firm'
