#ifndef CMICROHTTPD_SHIM_H
#define CMICROHTTPD_SHIM_H

#include <sys/types.h>
#include <sys/socket.h>
#include <microhttpd.h>

/* What a daemon is started with. */
struct cmhd_settings {
    int listen_socket;
    unsigned int threads;
    unsigned int timeout_seconds;
    unsigned int connection_limit;
    size_t connection_memory;
    /* In PEM; without them it speaks plain HTTP. */
    const char *certificate;
    const char *key;
    void *context;
    void *(*begin)(void *context, const char *target, struct MHD_Connection *connection);
    MHD_NotifyConnectionCallback connection;
    MHD_AccessHandlerCallback advance;
    MHD_RequestCompletedCallback end;
};

/* MHD_start_daemon is variadic: the options that this project uses. `context` goes to all callbacks. */
static inline struct MHD_Daemon *cmhd_start(unsigned int flags, const struct cmhd_settings *settings) {
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET, settings->listen_socket, NULL},
        {MHD_OPTION_THREAD_POOL_SIZE, settings->threads, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, settings->timeout_seconds, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)settings->connection_memory, NULL},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)settings->connection, settings->context},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)settings->begin, settings->context},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)settings->end, settings->context},
        {settings->certificate ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, (void *)settings->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)settings->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(
        flags, 0, NULL, NULL, settings->advance, settings->context, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}
/* MHD_get_connection_info is variadic and answers through a union. */
static inline int cmhd_connection_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}
/* MHD_get_daemon_info is variadic and answers through a union. How many connections are open, also those that are suspended. */
static inline unsigned int cmhd_connection_count(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}
/* A cast macro, and a GNU extension that Swift's view of glibc leaves out. */
static inline uint64_t cmhd_size_unknown(void) { return MHD_SIZE_UNKNOWN; }
static inline short cmhd_poll_peer_ended(void) { return 0x2000; /* POLLRDHUP */ }

#endif
