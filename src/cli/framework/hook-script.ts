/** The shells that `esc hook` knows. */
export const HOOK_SHELLS = ['bash', 'zsh', 'fish'] as const

export type HookShell = (typeof HOOK_SHELLS)[number]

/**
 * Returns a script that keeps `ESC_PROMPT` at the environment that commands mean in the current
 * folder. It asks `esc` when the folder changes, and after `esc select`.
 *
 * @param segment true to show it before the prompt as well.
 */
export function hookScript(shell: HookShell, { segment }: { readonly segment: boolean }): string {
  const { hook, prompt } = scripts[shell]
  return segment ? hook + prompt : hook
}

const scripts: Readonly<Record<HookShell, { readonly hook: string; readonly prompt: string }>> = {
  bash: {
    hook: `esc() {
  command esc "$@"
  local status=$?
  case "$1" in select | login | logout | trust) __esc_folder= ;; esac
  return "$status"
}
__esc_hook() {
  local status=$?
  if [ "$__esc_folder" != "$PWD" ]; then
    __esc_folder=$PWD
    ESC_PROMPT=$(command esc hook prompt 2>/dev/null)
  fi
  return "$status"
}
case ";\${PROMPT_COMMAND[*]};" in
  *__esc_hook*) ;;
  *) PROMPT_COMMAND="__esc_hook\${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;
esac
`,
    prompt: `case "$PS1" in
  *ESC_PROMPT*) ;;
  *) PS1='\${ESC_PROMPT:+($ESC_PROMPT) }'"$PS1" ;;
esac
`,
  },
  zsh: {
    hook: `esc() {
  command esc "$@"
  local code=$?
  case "$1" in select | login | logout | trust) __esc_folder= ;; esac
  return $code
}
__esc_hook() {
  if [[ "$__esc_folder" != "$PWD" ]]; then
    __esc_folder=$PWD
    ESC_PROMPT=$(command esc hook prompt 2>/dev/null)
  fi
}
autoload -Uz add-zsh-hook
add-zsh-hook precmd __esc_hook
`,
    prompt: `setopt prompt_subst
if [[ "$PROMPT" != *ESC_PROMPT* ]]; then
  PROMPT='\${ESC_PROMPT:+($ESC_PROMPT) }'"$PROMPT"
fi
`,
  },
  fish: {
    hook: `function esc --wraps esc
    command esc $argv
    set --local code $status
    contains -- "$argv[1]" select login logout trust; and set --global __esc_folder
    return $code
end
function __esc_hook --on-event fish_prompt
    if test "$__esc_folder" != "$PWD"
        set --global __esc_folder $PWD
        set --global ESC_PROMPT (command esc hook prompt 2>/dev/null)
    end
end
`,
    prompt: `if not functions --query __esc_prompt_before
    functions --query fish_prompt; and functions --copy fish_prompt __esc_prompt_before
    function fish_prompt
        test -n "$ESC_PROMPT"; and printf '(%s) ' $ESC_PROMPT
        functions --query __esc_prompt_before; and __esc_prompt_before
    end
end
`,
  },
}
