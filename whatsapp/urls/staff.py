"""URLs of the whatsapp pages for staff."""

from django.urls import path

from whatsapp.views import account, board, fragments, imports, instance, instance_edit, maintenance, pairing
from whatsapp.views.alerts import acts, detail, page

urlpatterns = [
    path("board/", board.board, name="board"),
    path("board/export/<str:fmt>/", board.board_export, name="board_export"),
    path("home/connections/", fragments.home_connections, name="home_connections"),
    path("centers/<int:pk>/instances/", fragments.center_instances, name="center_instances"),
    path("centers/<int:center_pk>/instances/add/", instance_edit.instance_add, name="instance_add"),
    path("instances/<int:pk>/", instance.instance, name="instance"),
    path("instances/<int:pk>/timeline/", instance.instance_timeline, name="instance_timeline"),
    path("instances/<int:pk>/history/", fragments.instance_history, name="instance_history"),
    path("instances/<int:pk>/check/", instance.instance_check, name="instance_check"),
    path("instances/<int:pk>/switch/", instance.instance_switch, name="instance_switch"),
    path("instances/<int:pk>/webhook/", instance.instance_webhook, name="instance_webhook"),
    path("instances/<int:pk>/edit/", instance_edit.instance_edit, name="instance_edit"),
    path("instances/<int:pk>/move/", instance_edit.instance_move, name="instance_move"),
    path("instances/<int:pk>/archive/", instance_edit.instance_archive, name="instance_archive"),
    path("instances/<int:pk>/restore/", instance_edit.instance_restore, name="instance_restore"),
    path("instances/<int:pk>/pair/", pairing.pair, name="pair"),
    path("instances/<int:pk>/pair/start/", pairing.pair_start, name="pair_start"),
    path("instances/<int:pk>/pair/state/", pairing.pair_state, name="pair_state"),
    path("instances/<int:pk>/pair/image/", pairing.pair_image, name="pair_image"),
    path("instances/<int:pk>/pair/link/", pairing.pair_link, name="pair_link"),
    path("instances/<int:pk>/pair/link/revoke/", pairing.pair_link_revoke, name="pair_link_revoke"),
    path("alerts/", page.alerts, name="alerts"),
    path("alerts/acknowledge/", acts.alert_acknowledge, name="alert_acknowledge"),
    path("alerts/snooze/", acts.alert_snooze, name="alert_snooze"),
    path("alerts/assign/", acts.alert_assign, name="alert_assign"),
    path("alerts/resolve/", acts.alert_resolve, name="alert_resolve"),
    path("alerts/badge/", page.alert_badge, name="alert_badge"),
    path("alerts/<int:pk>/", detail.alert, name="alert"),
    path("alerts/<int:pk>/note/", detail.alert_note, name="alert_note"),
    path("maintenance/", maintenance.maintenance, name="maintenance"),
    path("maintenance/plan/", maintenance.maintenance_plan, name="maintenance_plan"),
    path("maintenance/<int:pk>/end/", maintenance.maintenance_end, name="maintenance_end"),
    path("centers/<int:pk>/maintenance/", maintenance.center_maintenance, name="center_maintenance"),
    path("settings/mazbot/", account.settings_mazbot, name="settings_mazbot"),
    path("settings/mazbot/test/", account.settings_mazbot_test, name="settings_mazbot_test"),
    path("import/", imports.import_centers, name="import_centers"),
    path("import/example.csv", imports.import_example, name="import_example"),
    path("import/<int:pk>/", imports.import_batch, name="import_batch"),
    path("import/<int:pk>/confirm/", imports.import_confirm, name="import_confirm"),
    path("import/<int:pk>/read-again/", imports.import_reread, name="import_reread"),
]
