# bash completion for redactd

_redactd_rules() {
  "$1" rules list 2>/dev/null | awk 'NR > 1 { print $1 }'
}

# What stands behind `redactd run … --` is completed as a command line of its own.
_redactd_program() {
  local at
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ ${COMP_WORDS[at]} == -- ]] && break
  done
  if declare -F _command_offset > /dev/null; then
    _command_offset $((at + 1))
  elif ((COMP_CWORD == at + 1)); then
    mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
  fi
}

_redactd() {
  local command=$1 current=$2 previous=$3
  local word first='' second=''
  local options='--help --version --config --rules --gitleaks --enable --disable --known --mask --mask-text --mask-keep
    --mask-key-file --mask-key-id --max-record --stats --observe'
  COMPREPLY=()

  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $first == run && $word == -- ]]; then
      _redactd_program
      return
    fi
    case $word in
      run | rules | explain | scan | known) [[ -z $first ]] && first=$word ;;
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
    --env)
      mapfile -t COMPREPLY < <(compgen -e -- "$current")
      return ;;
    --mask)
      mapfile -t COMPREPLY < <(compgen -W 'label fixed partial fingerprint length' -- "$current")
      return ;;
    --format)
      mapfile -t COMPREPLY < <(compgen -W 'text json sarif' -- "$current")
      return ;;
    --mask-text | --mask-keep | --mask-key-id | --max-record | --name | --linger | --ttl | --fingerprint)
      return ;;
  esac

  if [[ $current == -* ]]; then
    case $first,$second in
      rules,lint) options+=' --json --sample' ;;
      rules,*) options+=' --json' ;;
      explain,) options+=' --json --reveal' ;;
      scan,) options+=' --format' ;;
      run,) options+=' --pty --merge --env --linger --' ;;
      check,) options='--help --config' ;;
      known,add) options='--help --name --ttl --file --socket' ;;
      known,remove) options='--help --fingerprint --socket' ;;
      known,*) options='--help --json --socket' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    return
  fi
  case $first,$second in
    ,) mapfile -t COMPREPLY < <(compgen -W 'check rules explain scan run known' -- "$current") ;;
    rules,) mapfile -t COMPREPLY < <(compgen -W 'list show check test lint diff' -- "$current") ;;
    rules,show) mapfile -t COMPREPLY < <(compgen -W "$(_redactd_rules "$command")" -- "$current") ;;
    known,) mapfile -t COMPREPLY < <(compgen -W 'add remove list-fingerprints' -- "$current") ;;
    check, | rules,list | known,*) ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
  esac
}

complete -o filenames -F _redactd redactd
