/* The same claim through SQLite at its best: one process, one durable transaction.
 *
 *   sqlite DB init
 *   sqlite DB NAME AGENT           BEGIN IMMEDIATE; is there a live holder?; insert; COMMIT
 *   sqlite DB NAME AGENT plain     the same without the tricks below, closed as the manual says
 *
 * WAL with synchronous=FULL, and what was measured to make it quicker:
 * - No checkpoint at close. A checkpoint every 30 pages, followed by a commit in the same
 *   process: a later process would not know that the WAL may be started anew, and the WAL,
 *   which each process has to read when it starts, would grow for good.
 * - Exclusive locking needs no -shm file; flock makes others wait for their turn, which is
 *   quicker than SQLite's sleeping and trying again.
 * - No sync of the directory and no fchown: the WAL has been there since init.
 * - One table WITHOUT ROWID and small pages, so that a commit writes one page of 1 KiB.
 * mmap_size and a smaller lookaside were tried and gave nothing.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { WAL_PAGES = 30 };

static sqlite3 *db;
static int checkpointed;

static int sql(const char *text)
{
	char *why = NULL;
	if (sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK)
		return 0;
	fprintf(stderr, "%s: %s\n", text, why ? why : "?");
	return 1;
}

static int init(void)
{
	return sql("PRAGMA page_size=1024; PRAGMA journal_mode=WAL;"
		   "CREATE TABLE lease(name TEXT PRIMARY KEY, agent TEXT NOT NULL,"
		   " acquired INTEGER NOT NULL, expires INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID");
}

static int claim(const char *name, const char *agent)
{
	sqlite3_stmt *held, *insert;
	char state[200];
	long now = time(NULL);

	memset(state, 'x', sizeof state);
	if (sql("BEGIN IMMEDIATE") ||
	    sqlite3_prepare_v2(db, "SELECT 1 FROM lease WHERE name=?1 AND expires>?2", -1, &held, NULL) ||
	    sqlite3_prepare_v2(db, "REPLACE INTO lease VALUES(?1,?2,?3,?4,?5)", -1, &insert, NULL))
		return 1;
	sqlite3_bind_text(held, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(held, 2, now);
	if (sqlite3_step(held) != SQLITE_DONE)
		return 5;
	sqlite3_reset(held);
	sqlite3_bind_text(insert, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 2, agent, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 3, now);
	sqlite3_bind_int64(insert, 4, now + 600);
	sqlite3_bind_text(insert, 5, state, sizeof state, SQLITE_STATIC);
	if (sqlite3_step(insert) != SQLITE_DONE)
		return 1;
	sqlite3_reset(insert);
	return sql("COMMIT");
}

static int committed(void *unused, sqlite3 *on, const char *name, int wal_pages)
{
	(void)unused;
	if (wal_pages >= WAL_PAGES && !checkpointed)
		checkpointed = !sqlite3_wal_checkpoint_v2(on, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK;
}

static int no_directory(const char *path, int *fd)
{
	(void)path, (void)fd;
	return SQLITE_CANTOPEN;
}

static int no_chown(int fd, uid_t user, gid_t group)
{
	(void)fd, (void)user, (void)group;
	return 0;
}

static int get_ready(const char *path)
{
	char lock[4096];
	sqlite3_vfs *unix_vfs = sqlite3_vfs_find(NULL);

	unix_vfs->xSetSystemCall(unix_vfs, "openDirectory", (sqlite3_syscall_ptr)no_directory);
	unix_vfs->xSetSystemCall(unix_vfs, "fchown", (sqlite3_syscall_ptr)no_chown);
	snprintf(lock, sizeof lock, "%s-lock", path);
	return flock(open(lock, O_RDWR | O_CREAT, 0600), LOCK_EX);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	int plain = argc > 4;

	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if (!plain && get_ready(argv[1]))
		return 1;
	if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL))
		return 1;
	sqlite3_busy_timeout(db, 60000);
	if (!plain) {
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		sqlite3_wal_hook(db, committed, NULL);
	}
	if ((!plain && sql("PRAGMA locking_mode=EXCLUSIVE")) || sql("PRAGMA synchronous=FULL"))
		return 1;

	int status = argc > 3 ? claim(argv[2], argv[3]) : init();
	if (status || !plain)	/* the connection dies with the process */
		return status ? status : checkpointed && sql("PRAGMA user_version=1");
	for (sqlite3_stmt *each; (each = sqlite3_next_stmt(db, NULL));)
		sqlite3_finalize(each);
	return sqlite3_close(db);
}
