// Completion scripts. Each hands the words so far to `godwit complete` and shows what comes back: one candidate on a
// line, its explanation after a tab. So the shells know nothing about verbs, and an upgrade needs no new script.

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

const bash = `# godwit completion for bash. Put this into ~/.bashrc:
#   source <(godwit completion bash)
_godwit() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" line
  # Bash cuts words at ":" and "="; the whole word is what godwit needs.
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  COMPREPLY=()
  while IFS= read -r line; do
    [ -n "$line" ] && COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(godwit complete -- "\${words[@]}" 2>/dev/null)
  if [ \${#COMPREPLY[@]} -eq 1 ]; then
    case "\${COMPREPLY[0]}" in
      :files) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames ;;
      :folders) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); compopt -o filenames ;;
    esac
  fi
}
complete -F _godwit godwit
`

const zsh = `#compdef godwit
# godwit completion for zsh. Put it into a folder of your fpath:
#   godwit completion zsh > ~/.zfunc/_godwit
_godwit() {
  local -a candidates lines
  local line
  lines=("\${(@f)$(godwit complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case "\${lines[1]}" in
    :files) _files; return ;;
    :folders) _files -/; return ;;
  esac
  for line in $lines; do
    [[ -z "$line" ]] && continue
    local value="\${line%%$'\\t'*}" text="\${line#*$'\\t'}"
    [[ "$text" == "$line" ]] && text=""
    candidates+=("\${value//:/\\\\:}\${text:+:$text}")
  done
  _describe -V godwit candidates
}
if [ "$funcstack[1]" = "_godwit" ]; then
  _godwit "$@"
else
  compdef _godwit godwit
fi
`

const fish = `# godwit completion for fish:
#   godwit completion fish > ~/.config/fish/completions/godwit.fish
function __godwit_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (godwit complete -- $words[2..-1] 2>/dev/null)
  switch "$found[1]"
    case ':files'
      __fish_complete_path (commandline -ct)
    case ':folders'
      __fish_complete_directories (commandline -ct)
    case '*'
      printf '%s\\n' $found
  end
end
complete -c godwit -f -k -a '(__godwit_complete)'
`

const powershell = `# godwit completion for PowerShell. Put this into your $PROFILE:
#   godwit completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName godwit -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '' }
  godwit complete -- @words 2>$null | ForEach-Object {
    if ($_ -and -not $_.StartsWith(':')) {
      $parts = $_ -split "\`t", 2
      $text = if ($parts.Count -gt 1 -and $parts[1]) { $parts[1] } else { $parts[0] }
      [System.Management.Automation.CompletionResult]::new($parts[0], $parts[0], 'ParameterValue', $text)
    }
  }
}
`

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell }
