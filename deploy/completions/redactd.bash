# bash completion for redactd

_redactd_rules() {
  "$1" rules list 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_redactd() {
  local command=$1 current=$2 previous=$3
  local word first='' second=''
  local options='--help --version --config --rules --gitleaks --enable --disable --known --mask --mask-text --mask-keep
    --mask-key-file --mask-key-id --max-record --stats --observe'
  COMPREPLY=()

  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      rules | explain | scan | known) [[ -z $first ]] && first=$word ;;
      check) if [[ -z $first ]]; then first=check; elif [[ $first == rules && -z $second ]]; then second=check; fi ;;
      list | show | test | lint | diff) [[ $first == rules && -z $second ]] && second=$word ;;
      add | remove | list-fingerprints) [[ $first == known && -z $second ]] && second=$word ;;
    esac
  done

  case $previous in
    --config | --known | --mask-key-file | --file | --socket | --sample)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return ;;
    --rules | --gitleaks)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return ;;
    --enable | --disable)
      mapfile -t COMPREPLY < <(compgen -W "all $(_redactd_rules "$command")" -- "$current")
      return ;;
    --mask)
      mapfile -t COMPREPLY < <(compgen -W 'label fixed partial fingerprint length' -- "$current")
      return ;;
    --format)
      mapfile -t COMPREPLY < <(compgen -W 'text json sarif' -- "$current")
      return ;;
    --mask-text | --mask-keep | --mask-key-id | --max-record | --name | --ttl | --fingerprint)
      return ;;
  esac

  if [[ $current == -* ]]; then
    case $first,$second in
      rules,lint) options+=' --json --sample' ;;
      rules,*) options+=' --json' ;;
      explain,) options+=' --json --reveal' ;;
      scan,) options+=' --format' ;;
      check,) options='--help --config' ;;
      known,add) options='--help --name --ttl --file --socket' ;;
      known,remove) options='--help --fingerprint --socket' ;;
      known,*) options='--help --json --socket' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi
  case $first,$second in
    ,) mapfile -t COMPREPLY < <(compgen -W 'check rules explain scan known' -- "$current") ;;
    rules,) mapfile -t COMPREPLY < <(compgen -W 'list show check test lint diff' -- "$current") ;;
    rules,show) mapfile -t COMPREPLY < <(compgen -W "$(_redactd_rules "$command")" -- "$current") ;;
    known,) mapfile -t COMPREPLY < <(compgen -W 'add remove list-fingerprints' -- "$current") ;;
    check, | rules,list | known,*) ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
  esac
}

complete -o filenames -F _redactd redactd
