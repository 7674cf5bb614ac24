{#- What departments say of packages and clues that we did not send them so. -#}
with {{ acknowledged_packages(source('ops', 'clue_sent'), standing('clue_receipt')) }},

held as (
    select distinct clue_no, department from {{ source('ops', 'clue_sent') }}
),

told as (
    select
        receipt.department,
        receipt.package_no as said_no,
        case
            when package.package_no is null then 'unknown_package'
            when package.package_sha256 <> lower(receipt.package_sha256) then 'other_content'
            when package.clues <> receipt.clues_received then 'other_number'
        end as clue_fault,
        cast(null as string) as clue_no,
        receipt.acknowledged_date as said_date
    from {{ standing('clue_receipt') }} as receipt
    left join package on package.department = receipt.department and package.package_no = receipt.package_no
    union all
    select
        event.department,
        event.clue_event_no as said_no,
        case
            when raised.clue_no is null then 'unknown_clue'
            when held.clue_no is null and event.clue_event_kind <> '6' then 'not_theirs'
        end as clue_fault,
        event.clue_no,
        event.clue_event_date as said_date
    from {{ standing('clue_event') }} as event
    left join {{ source('ops', 'clue') }} as raised on raised.clue_no = event.clue_no
    left join held on held.clue_no = event.clue_no and held.department = event.department
)

select * from told where clue_fault is not null
