# fish completion for redactd

function __redactd_rules
    redactd rules list 2>/dev/null | awk 'NR > 1 { id = $1; $1 = $2 = $3 = $4 = ""; sub(/^ +/, ""); print id "\t" $0 }'
end

function __redactd_needs_command
    not __fish_seen_subcommand_from check rules explain scan run known
end

function __redactd_in_rules
    __fish_seen_subcommand_from rules; and __fish_seen_subcommand_from $argv
end

complete -c redactd -f

complete -c redactd -n __redactd_needs_command -a check -d 'Check the configuration file'
complete -c redactd -n __redactd_needs_command -a rules -d 'List, show, check, test, lint and compare rules'
complete -c redactd -n __redactd_needs_command -a explain -d 'Tell for each line what is masked and why'
complete -c redactd -n __redactd_needs_command -a scan -d 'Report secrets in files'
complete -c redactd -n __redactd_needs_command -a run -d 'Run a program through redactd'
complete -c redactd -n __redactd_needs_command -a known -d 'Tell a running daemon values to mask'
set -l in_rules_only '__fish_seen_subcommand_from rules; and not __fish_seen_subcommand_from list show check test lint diff'
complete -c redactd -n $in_rules_only -a list -d 'All rules, one a line'
complete -c redactd -n $in_rules_only -a show -d 'The text of rules'
complete -c redactd -n $in_rules_only -a check -d 'Check packs'
complete -c redactd -n $in_rules_only -a test -d 'Run the examples of packs'
complete -c redactd -n $in_rules_only -a lint -d 'What rules cost and what is odd about them'
complete -c redactd -n $in_rules_only -a diff -d 'What two sets of rules mask differently'

complete -c redactd -n '__redactd_in_rules show' -a '(__redactd_rules)'
complete -c redactd -n '__redactd_in_rules list show check test lint diff' -l json -d 'As JSON'
complete -c redactd -n '__redactd_in_rules check test lint diff' -F
complete -c redactd -n '__redactd_in_rules lint' -l sample -r -F -d 'Log to measure on'
complete -c redactd -n '__fish_seen_subcommand_from explain' -l json -d 'As JSON lines'
complete -c redactd -n '__fish_seen_subcommand_from explain' -l reveal -d 'Show the secrets themselves'
complete -c redactd -n '__fish_seen_subcommand_from explain scan' -F
complete -c redactd -n '__fish_seen_subcommand_from scan' -l format -x -a 'text json sarif' -d 'Form of the report'

complete -c redactd -n '__fish_seen_subcommand_from run' -l pty -d 'Give it a terminal'
complete -c redactd -n '__fish_seen_subcommand_from run' -l merge -d 'Standard error goes to standard output'
complete -c redactd -n '__fish_seen_subcommand_from run' -l env -x -a '(set --names --export)' -d 'Variable to mask too'
complete -c redactd -n '__fish_seen_subcommand_from run' -l linger -x -a '0s 1s 10s' -d 'How long to wait for what it left running'
complete -c redactd -n '__fish_seen_subcommand_from run' -a '(__fish_complete_subcommand --fcs-skip=2)'

set -l in_known_only '__fish_seen_subcommand_from known; and not __fish_seen_subcommand_from add remove list-fingerprints'
complete -c redactd -n $in_known_only -a add -d 'Add the value on standard input'
complete -c redactd -n $in_known_only -a remove -d 'Remove values that were added'
complete -c redactd -n $in_known_only -a list-fingerprints -d 'All values, without showing them'
set -l in_known '__fish_seen_subcommand_from known; and __fish_seen_subcommand_from'
complete -c redactd -n "$in_known add" -l name -x -d 'What its mask shows'
complete -c redactd -n "$in_known add" -l ttl -x -a '10m 1h 24h' -d 'How long'
complete -c redactd -n "$in_known add" -l file -r -F -d 'File that holds the value'
complete -c redactd -n "$in_known remove" -l fingerprint -x -d 'As the list shows it'
complete -c redactd -n "$in_known list-fingerprints" -l json -d 'As JSON'
complete -c redactd -n '__fish_seen_subcommand_from known' -l socket -r -F -d 'Control socket of the daemon'

complete -c redactd -s h -l help -d Help
complete -c redactd -s V -l version -d 'Version of redactd and of its matcher'
complete -c redactd -l config -r -F -d 'Configuration file'
complete -c redactd -l rules -r -F -d 'Pack of your own, or a folder of them'
complete -c redactd -l gitleaks -r -F -d 'gitleaks configuration'
complete -c redactd -l enable -x -a 'all (__redactd_rules)' -d 'Turn rules on by id or tag'
complete -c redactd -l disable -x -a 'all (__redactd_rules)' -d 'Turn rules off by id or tag'
complete -c redactd -l known -r -F -d 'File of secret values, one a line'
complete -c redactd -l mask -x -a 'label fixed partial fingerprint length' -d 'What stands in place of a secret'
complete -c redactd -l mask-text -x -d 'Text of the fixed mask'
complete -c redactd -l mask-keep -x -d 'Bytes shown at each end'
complete -c redactd -l mask-key-file -r -F -d 'File with the key of the fingerprint mask'
complete -c redactd -l mask-key-id -x -d 'Name of that key'
complete -c redactd -l max-record -x -a '64KiB 1MiB 16MiB' -d 'Longest line that is held whole'
complete -c redactd -l stats -d 'A summary on standard error at the end'
complete -c redactd -l observe -d 'Count secrets but mask nothing'
