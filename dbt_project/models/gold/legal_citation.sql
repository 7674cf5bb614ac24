{#- Of a law's text in force today; where two hold, as collections differ on the day of a text, the newer one. -#}
with basis as (
    select 'supervision_item' as cited_by, item_code as code, item_name as title, department, legal_basis, legal_citations
    from {{ standing('supervision_item') }}
    where legal_basis is not null
    union all
    select 'theme_limit' as cited_by, concat(limit_code, ' ', cast(effective_date as string)) as code, limit_name as title,
        department, legal_basis, legal_citations
    from {{ valid_on('theme_limit', as_of()) }}
    where legal_basis is not null
),

cited as (
    select cited_by, code, title, department, legal_basis, citation
    from basis
    lateral view explode(legal_citations) exploded as citation
    union all
    select cited_by, code, title, department, legal_basis, '' as citation
    from basis
    where coalesce(size(legal_citations), 0) <= 0
),

parted as (
    select
        *,
        split_part(citation, '#', 1) as law_key,
        split_part(citation, '#', 2) as cited_article,
        split_part(citation, '#', 3) as cited_paragraph,
        split_part(citation, '#', 4) as cited_item
    from cited
),

known as (
    select distinct law_key from {{ standing('law') }}
),

in_force as (
    select law_key, max(version_date) as version_date from {{ valid_on('law', as_of()) }} group by law_key
),

legal_citation as (
    select
        parted.cited_by,
        parted.code,
        parted.citation,
        parted.title,
        parted.department,
        parted.legal_basis,
        parted.law_key,
        parted.cited_article,
        parted.cited_paragraph,
        parted.cited_item,
        case
            when parted.citation = '' then 'no_citation'
            when known.law_key is null then 'unknown_law'
            when in_force.law_key is null then 'not_in_force'
            when parted.cited_article = '' then 'whole_law'
            when article.article_no is null then 'no_article'
            else 'resolved'
        end as citation_state,
        text.law_name,
        in_force.version_date,
        article.article_text
    from parted
    left join known on known.law_key = parted.law_key
    left join in_force on in_force.law_key = parted.law_key
    left join {{ standing('law') }} as text
        on text.law_key = in_force.law_key and text.version_date = in_force.version_date
    left join {{ standing('law_article') }} as article
        on article.law_key = in_force.law_key and article.version_date = in_force.version_date
        and article.article_no = parted.cited_article
)

select * from legal_citation
