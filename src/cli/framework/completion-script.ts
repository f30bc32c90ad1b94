export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof SHELLS)[number]

/**
 * A script for a shell. It knows nothing of esc, and asks `esc __complete` (`complete.ts`) for what
 * may stand in the place of a word. Names in a store may hold anything, so no script has its shell
 * evaluate what it is answered, and each quotes what it inserts.
 */
export function completionScript(shell: Shell, options: { readonly descriptions: boolean }): string {
  const ask = options.descriptions ? 'esc __complete' : 'esc __complete --names'
  switch (shell) {
    case 'bash':
      return BASH
    case 'zsh':
      return zshScript(ask)
    case 'fish':
      return fishScript(ask)
    case 'powershell':
      return powershellScript(ask)
  }
}

/** For bash 3.2, which macOS has, too. */
const BASH = `# bash completion for esc
_esc() {
  local rest="\${COMP_LINE:0:COMP_POINT}" word line index words=()
  # bash splits words at = and @. What has no space between is one word.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ $index -eq 0 || "$rest" == [[:space:]]* ]]; then
      rest="\${rest#"\${rest%%[![:space:]]*}"}"
      words+=("")
    fi
    if [[ $index -eq $COMP_CWORD ]]; then word="$rest"; fi
    words[\${#words[@]}-1]+="$word"
    rest="\${rest#"$word"}"
  done
  words=("\${words[@]//[\\"\\'\\\\]/}")
  local last=$((\${#words[@]} - 1))
  local current="\${words[last]}" breaks="\${COMP_WORDBREAKS//[^=@:]/}" before=""
  # bash keeps what stands before the last = or @, and the = too.
  if [[ -n "$breaks" && "$current" == *[$breaks]* ]]; then before="\${current%"\${current##*[$breaks]}"}"; fi
  before="\${before%@}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ "$line" == ":files" ]]; then return; fi
    printf -v line %q "\${line#"$before"}"
    COMPREPLY+=("$line")
  done < <(esc __complete --names --word="$current" "\${words[@]:1:last-1}" 2>/dev/null </dev/null)
  compopt +o default 2>/dev/null
}
complete -o default -F _esc esc
`

function zshScript(ask: string): string {
  return `#compdef esc
# zsh completion for esc
_esc() {
  local line name
  local -a found shown
  found=("\${(@f)$(${ask} --word="\${(Q)PREFIX}" "\${(@Q)words[2,CURRENT-1]}" 2>/dev/null </dev/null)}")
  for line in $found; do
    if [[ "$line" == ":files" ]]; then _files; return; fi
    name="\${line%%$'\\t'*}"
    name="\${name//\\\\/\\\\\\\\}"
    name="\${name//:/\\\\:}"
    if [[ "$line" == *$'\\t'* ]]; then shown+=("$name:\${line#*$'\\t'}"); else shown+=("$name"); fi
  done
  (( \${#shown} )) && _describe -V 'esc' shown
}
if [[ "\${funcstack[1]}" == _esc ]]; then _esc "$@"; else compdef _esc esc; fi
`
}

function fishScript(ask: string): string {
  return `# fish completion for esc
function __esc_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l found (${ask} --word="$current" $words[2..-1] 2>/dev/null </dev/null)
  if test "$found" = :files
    __fish_complete_path "$current"
  else if set -q found[1]
    printf '%s\\n' $found
  end
end
complete -c esc -k -f -a '(__esc_complete)'
`
}

function powershellScript(ask: string): string {
  return `# PowerShell completion for esc
Register-ArgumentCompleter -Native -CommandName 'esc', 'esc.cmd', 'esc.exe' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object {
    if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text }
  })
  $current = "$wordToComplete" -replace '^[''"]|[''"]$', ''
  $found = @(${ask} "--word=$current" @words 2>$null)
  if ($found.Count -eq 1 -and $found[0] -eq ':files') { return }
  # With nothing at all, PowerShell would offer files.
  if ($found.Count -eq 0) { return '' }
  foreach ($line in $found) {
    $name, $about = $line -split "\`t", 2
    $text = if ($name -match '^[\\w./-][\\w./@:=-]*$') { $name } else { "'" + $name.Replace("'", "''") + "'" }
    if (-not $about) { $about = $name }
    [System.Management.Automation.CompletionResult]::new($text, $name, 'ParameterValue', $about)
  }
}
`
}
