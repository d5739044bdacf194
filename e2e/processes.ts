/** The processes of one browser, found by its profile, to be stopped or killed as a device or its system would. */
import { execFileSync } from 'node:child_process'

/** Ids of the processes that were started with this profile: the browser, and what it started. */
function processesOf(profile: string): number[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(profile)).map((line) => Number(line.trim().split(/\s+/)[0]))
}

/** Sends a signal to all of them: SIGKILL as a crash, SIGSTOP and SIGCONT as a device that sleeps and wakes. */
export function signalBrowser(profile: string, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of processesOf(profile))
    try {
      process.kill(pid, signal)
    } catch (error) {
      // It ended by itself in between.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
}
