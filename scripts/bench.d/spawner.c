/* Runs commands as whole processes and times them, from just before vfork to wait4.
 *
 *   spawner [-n RUNS] [-p WORKERS] [-r ROUNDS] [-o FIRST] CONTENDER…
 *   CONTENDER:  -- NAME [-C DIR] [-i INPUT] [VAR=VALUE]… PROGRAM [ARGUMENT]…
 *
 * In arguments and values, {i} is the number of the run, never used twice in one call
 * (it starts at FIRST), {n} the same counted for each contender alone, {w} the worker's.
 *
 * Without -p, contenders take turns, in another order each time, so that drift and what
 * one leaves behind for the next hit all alike. With -p, each turn is a block of RUNS
 * runs shared by WORKERS loops at once, and there are ROUNDS turns.
 *
 * One line a contender, with tabs between:
 *   NAME ok RUNS median_us p90_us min_us ops_per_s max_rss_kib minor_faults lowest_rate highest_rate
 *   NAME failed REASON
 * Rates are of the turns: the middle one, the lowest, the highest; without -p, one over the median.
 * A run that does not exit 0 disqualifies its contender: an error is no fast success.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTENDERS = 32, ARGS = 32, ARG_LEN = 4096 };

struct sample {
	double us;
	long rss, faults;
	int status;		/* of wait4; -1: not run */
};

struct contender {
	char *name, *dir, *input, *argv[ARGS + 1], *env[ARGS + 1];
	int args, vars;
	struct sample *samples;	/* shared with the workers */
	long done;
	double *rates;
	char failure[512];
};

static struct contender field[CONTENDERS];
static int contenders, workers;
static long runs = 1000, rounds = 5, first;
static int complaints;		/* a memory file that is everybody's standard error */
extern char **environ;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static char *fill(const char *template, char *out, long i, long n, int w)
{
	char *end = out + ARG_LEN - 24, *start = out;
	for (const char *s = template; *s && out < end;) {
		if (!strncmp(s, "{i}", 3))
			out += sprintf(out, "%ld", i), s += 3;
		else if (!strncmp(s, "{n}", 3))
			out += sprintf(out, "%ld", n), s += 3;
		else if (!strncmp(s, "{w}", 3))
			out += sprintf(out, "%d", w), s += 3;
		else
			*out++ = *s++;
	}
	*out = 0;
	return start;
}

static void run(struct contender *c, long i, long n, int w, struct sample *s)
{
	static char text[2 * ARGS][ARG_LEN];
	static char *argv[ARGS + 1], *env[1024];
	int e = 0, status;

	for (int a = 0; a < c->args; a++)
		argv[a] = fill(c->argv[a], text[a], i, n, w);
	argv[c->args] = NULL;
	for (; e < c->vars; e++)
		env[e] = fill(c->env[e], text[ARGS + e], i, n, w);
	for (char **p = environ; *p && e < 1023; p++)
		env[e++] = *p;
	env[e] = NULL;
	if (chdir(c->dir))
		err(1, "%s", c->dir);

	struct rusage used;
	int input = open(c->input ? c->input : "/dev/null", O_RDONLY | O_CLOEXEC);
	if (input < 0)
		err(1, "%s", c->input);
	double start = now();
	pid_t pid = vfork();
	if (pid == 0) {
		dup2(input, 0);
		execve(argv[0], argv, env);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		err(1, "vfork or wait4");
	s->us = now() - start;
	close(input);
	s->rss = used.ru_maxrss;
	s->faults = used.ru_minflt;
	s->status = status;
}

static int passed(struct contender *c, const struct sample *s)
{
	if (s->status == 0)
		return 1;
	if (WIFSIGNALED(s->status))
		snprintf(c->failure, sizeof c->failure, "signal %d", WTERMSIG(s->status));
	else
		snprintf(c->failure, sizeof c->failure, "exit %d", WEXITSTATUS(s->status));

	char said[256];
	ssize_t n = pread(complaints, said, sizeof said - 1, 0);
	if (n > 0) {
		said[n] = 0;
		said[strcspn(said, "\n\t")] = 0;
		snprintf(c->failure + strlen(c->failure), 300, ": %s", said);
	}
	return 0;
}

static void hush(void)
{
	if (ftruncate(complaints, 0))
		err(1, "ftruncate");
}

static void in_turn(void)
{
	long next = first, warm = runs / 20 + 1;

	srand(1);
	for (long turn = -warm; turn < runs; turn++) {
		int order[CONTENDERS];
		for (int k = 0; k < contenders; k++) {
			int j = rand() % (k + 1);
			order[k] = order[j];
			order[j] = k;
		}
		for (int k = 0; k < contenders; k++) {
			struct contender *c = &field[order[k]];
			struct sample s;
			if (*c->failure)
				continue;
			hush();
			run(c, next++, first + warm + turn, 0, &s);
			if (passed(c, &s) && turn >= 0)
				c->samples[c->done++] = s;
		}
	}
}

static void block(struct contender *c, long from, int round)
{
	long each = runs / workers;
	struct sample *mine = c->samples + (long)round * runs;
	int gate[2];
	char go;

	if (pipe2(gate, O_CLOEXEC))
		err(1, "pipe");
	for (long i = 0; i < runs; i++)
		mine[i].status = -1;
	for (int w = 0; w < workers; w++) {
		pid_t pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			close(gate[1]);
			if (read(gate[0], &go, 1) < 0)	/* until all are there */
				_exit(1);
			for (long i = w * each; i < (w + 1) * each; i++) {
				run(c, from + i, first + round * runs + i, w, &mine[i]);
				if (mine[i].status)
					_exit(1);
			}
			_exit(0);
		}
	}
	close(gate[0]);
	usleep(20000);
	double start = now();
	close(gate[1]);
	for (int w = 0; w < workers; w++)
		if (wait(NULL) < 0)
			err(1, "wait");
	c->rates[round] = each * workers / ((now() - start) / 1e6);
	for (long i = 0; i < each * workers; i++) {
		if (mine[i].status > 0 && !passed(c, &mine[i]))
			return;
	}
	for (long i = 0; i < each * workers; i++) {
		if (mine[i].status < 0) {
			strcpy(c->failure, "a worker died");
			return;
		}
		c->samples[c->done++] = mine[i];
	}
}

static void at_once(void)
{
	long next = first;

	for (int round = 0; round < rounds; round++)
		for (int k = 0; k < contenders; k++) {
			struct contender *c = &field[(k + round) % contenders];
			if (*c->failure)
				continue;
			hush();
			block(c, next, round);
			next += runs;
		}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(FILE *out, struct contender *c)
{
	if (*c->failure || !c->done) {
		fprintf(out, "%s\tfailed\t%s\n", c->name, c->failure);
		return;
	}
	double *us = calloc(c->done, sizeof *us), *faults = calloc(c->done, sizeof *faults);
	long rss = 0;
	for (long i = 0; i < c->done; i++) {
		us[i] = c->samples[i].us;
		faults[i] = c->samples[i].faults;
		rss = c->samples[i].rss > rss ? c->samples[i].rss : rss;
	}
	qsort(us, c->done, sizeof *us, by_value);
	qsort(faults, c->done, sizeof *faults, by_value);
	qsort(c->rates, rounds, sizeof *c->rates, by_value);
	double rate = workers ? c->rates[rounds / 2] : 1e6 / us[c->done / 2];
	fprintf(out, "%s\tok\t%ld\t%.1f\t%.1f\t%.1f\t%.0f\t%ld\t%.0f\t%.0f\t%.0f\n", c->name, c->done,
		us[c->done / 2], us[c->done * 9 / 10], us[0], rate, rss, faults[c->done / 2],
		workers ? c->rates[0] : rate, workers ? c->rates[rounds - 1] : rate);
	free(us);
	free(faults);
}

static void enter(char **argv)
{
	struct contender *c = &field[contenders++];

	c->name = *argv++;
	c->dir = ".";
	if (*argv && !strcmp(*argv, "-C") && argv[1])
		c->dir = argv[1], argv += 2;
	if (*argv && !strcmp(*argv, "-i") && argv[1])
		c->input = argv[1], argv += 2;
	for (; *argv && strcmp(*argv, "--"); argv++) {
		if (!c->args && strchr(*argv, '=') && c->vars < ARGS)
			c->env[c->vars++] = *argv;
		else if (c->args < ARGS)
			c->argv[c->args++] = *argv;
	}
	if (!c->args || c->argv[0][0] != '/')
		errx(2, "%s: the program's absolute path is needed", c->name);

	size_t size = (workers ? runs * rounds : runs) * sizeof *c->samples;
	c->samples = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	c->rates = calloc(rounds, sizeof *c->rates);
	if (c->samples == MAP_FAILED || !c->rates)
		err(1, "memory");
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+n:p:r:o:")) != -1) {
		long value = option == '?' ? 0 : atol(optarg);
		switch (option) {
		case 'n': runs = value; break;
		case 'p': workers = value; break;
		case 'r': rounds = value; break;
		case 'o': first = value; break;
		default: return 2;
		}
	}
	if (runs < 1 || rounds < 1 || workers < 0 || runs < workers)
		errx(2, "too few runs");
	runs -= workers ? runs % workers : 0;
	if (optind > 0 && optind <= argc && !strcmp(argv[optind - 1], "--"))
		optind--;
	for (int a = optind; a < argc; a++)
		if (!strcmp(argv[a], "--") && a + 2 < argc && contenders < CONTENDERS)
			enter(argv + a + 1);

	/* Children inherit these as they are, so that nothing has to be done between vfork and exec. */
	FILE *out = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 3), "w");
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), kept = fcntl(2, F_DUPFD_CLOEXEC, 3);
	complaints = memfd_create("stderr", MFD_CLOEXEC);
	fcntl(complaints, F_SETFL, O_APPEND);
	if (!out || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(complaints, 2) < 0 || kept < 0)
		return 1;

	if (workers)
		at_once();
	else
		in_turn();
	for (int k = 0; k < contenders; k++)
		report(out, &field[k]);
	return fclose(out) ? 1 : 0;
}
