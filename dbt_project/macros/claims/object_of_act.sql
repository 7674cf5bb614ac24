{#- The organisation an act was done to: document 001 is the USCC; a person's document never becomes an object. -#}
{% macro object_of_act() -%}
    case
        when administrative_cp_document = '001' and upper(trim(administrative_cp_code)) rlike '^[0-9A-HJ-NPQRTUWXY]{18}$'
            then upper(trim(administrative_cp_code))
    end
{%- endmacro %}
