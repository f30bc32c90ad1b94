import type { AgentSettings, Tool } from '../tool.ts'
import { removeValueTool, saveDefinitionTool, setValueTool } from './edit.ts'
import {
  checkEnvironmentTool,
  getValueTool,
  listEnvironmentsTool,
  listKeysTool,
  revealValueTool,
  showDefinitionTool,
} from './look.ts'
import { planRotationTool, rotateTool } from './rotate.ts'
import { runCommandTool } from './run.ts'

const TOOLS = [
  listEnvironmentsTool,
  listKeysTool,
  showDefinitionTool,
  checkEnvironmentTool,
  getValueTool,
  revealValueTool,
  runCommandTool,
  setValueTool,
  removeValueTool,
  saveDefinitionTool,
  planRotationTool,
  rotateTool,
]

const LEVELS = ['read', 'open', 'write', 'admin']

/** The tools that a server offers: those that it may use, and no other exists for it. */
export function offeredTools(level: string, { commands, allowReveal }: AgentSettings): readonly Tool[] {
  return TOOLS.filter(
    (each) =>
      LEVELS.indexOf(level) >= LEVELS.indexOf(each.level) &&
      (each !== runCommandTool || commands.length > 0) &&
      (each !== revealValueTool || allowReveal),
  )
}
