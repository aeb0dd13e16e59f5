/* Runs a command that sees a wall clock which is off, and nothing else that is.
 *
 *   wallclock SECONDS PROGRAM [ARGUMENT]…
 *   wallclock @SECONDS PROGRAM [ARGUMENT]…      off only once this gets a SIGUSR1
 *
 * A preloaded library does not reach a static program, nor one that makes system calls itself,
 * and the vDSO makes no system calls at all. So this traces the program and its children: at each
 * exec it hides the vDSO (in the auxiliary vector and in memory), and at each return of a call
 * that reads the wall clock it shifts what was read.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
	PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)
enum { MOST = 4096 };

static volatile long shift;
static long later;

static void step(int signal)
{
	(void)signal;
	shift = later;
}

/* Where each traced process wants the time put, from the entry of the call to its return. */
static struct { pid_t pid; unsigned long at; } wanted[MOST];

static long peek(pid_t pid, unsigned long at)
{
	errno = 0;
	long word = ptrace(PTRACE_PEEKDATA, pid, at, 0);
	if (errno)
		err(125, "reading the memory of %d", pid);
	return word;
}

static void poke(pid_t pid, unsigned long at, long word)
{
	if (ptrace(PTRACE_POKEDATA, pid, at, word))
		err(125, "writing the memory of %d", pid);
}

/* Called with the stack as the kernel made it: argc, argv, 0, environment, 0, auxiliary vector. */
static void hide_vdso(pid_t pid)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
		err(125, "PTRACE_GET_SYSCALL_INFO");
	unsigned long at = info.stack_pointer, word = sizeof(long);
	at += (peek(pid, at) + 2) * word;
	while (peek(pid, at))
		at += word;
	for (at += word; peek(pid, at) != AT_NULL; at += 2 * word)
		if (peek(pid, at) == AT_SYSINFO_EHDR) {
			/* Its header too, for who finds it without the vector. */
			poke(pid, peek(pid, at + word), 0);
			poke(pid, at, AT_IGNORE);
		}
}

static int slot(pid_t pid)
{
	for (int i = pid % MOST, tries = 0; tries < MOST; i = (i + 1) % MOST, tries++)
		if (wanted[i].pid == pid || !wanted[i].pid) {
			wanted[i].pid = pid;
			return i;
		}
	errx(125, "too many processes");
}

static void at_syscall(pid_t pid)
{
	struct __ptrace_syscall_info info;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0)
		return;
	int i = slot(pid);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		unsigned long nr = info.entry.nr, *args = (unsigned long *)info.entry.args;
		wanted[i].at = 0;
		if (nr == SYS_clock_gettime && (args[0] == CLOCK_REALTIME || args[0] == CLOCK_REALTIME_COARSE))
			wanted[i].at = args[1];
		if (nr == SYS_gettimeofday)
			wanted[i].at = args[0];
#ifdef SYS_time
		if (nr == SYS_time)
			errx(125, "time(2) is not shifted");
#endif
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && wanted[i].at && !info.exit.is_error) {
		poke(pid, wanted[i].at, peek(pid, wanted[i].at) + shift);
		wanted[i].at = 0;
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(125, "wallclock SECONDS PROGRAM [ARGUMENT]...");
	if (*argv[1] == '@') {
		later = atol(argv[1] + 1);
		signal(SIGUSR1, step);
	} else
		shift = atol(argv[1]);
	pid_t child = fork(), pid;
	if (child < 0)
		err(125, "fork");
	if (!child) {
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		err(125, "%s", argv[2]);
	}
	int status, result = 125;
	if (ptrace(PTRACE_SEIZE, child, 0, OPTIONS))
		err(125, "PTRACE_SEIZE");
	kill(child, SIGCONT);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			wanted[slot(pid)].at = 0;
			if (pid == child)
				result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			continue;
		}
		int sig = WSTOPSIG(status), event = status >> 16;
		if (event == PTRACE_EVENT_EXEC)
			hide_vdso(pid);
		else if (sig == (SIGTRAP | 0x80))
			at_syscall(pid);
		int pass = event || sig == (SIGTRAP | 0x80) || sig == SIGSTOP || sig == SIGTRAP ? 0 : sig;
		ptrace(PTRACE_SYSCALL, pid, 0, pass);
	}
	return result;
}
