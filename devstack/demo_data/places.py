"""Invented customers of an invented reseller."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One center of the demo; `numbers` are labels of its WhatsApp numbers."""

    name: str
    contact: str
    country: str  # ISO 3166
    country_id: str
    currency: str
    language: str
    dial: str
    numbers: tuple[str, ...] = ("Main",)


_SA = ("SA", "1", "SAR", "ar", "+96650")
_EG = ("EG", "2", "EGP", "ar", "+20100")
_LY = ("LY", "3", "LYD", "ar", "+21891")
_KW = ("KW", "4", "KWD", "ar", "+9655")
_AE = ("AE", "5", "AED", "en", "+97150")
_OM = ("OM", "6", "OMR", "ar", "+9689")


def _place(name: str, contact: str, where: tuple[str, str, str, str, str], *numbers: str) -> Place:
    return Place(name, contact, *where, numbers or ("Main",))


PLACES = (
    _place("مركز النور للبصريات", "سالم الحارثي", _OM, "Reception", "Sales"),
    _place("Al Waha Dental Clinic", "Huda Mansour", _AE, "Reception", "Reminders"),
    _place("مركز الشفاء الطبي", "عبدالله العتيبي", _SA, "Reception", "Laboratory", "Pharmacy"),
    _place("Blue Gulf Travel", "Omar Haddad", _AE, "Bookings"),
    _place("مطعم باب طرابلس", "محمد الورفلي", _LY, "Orders"),
    _place("Nile Language Academy", "Mona Fathy", _EG, "Enrolment", "Students"),
    _place("صيدلية الواحة", "نورة القحطاني", _SA),
    _place("Kuwait Auto Care", "Fahad Al-Enezi", _KW, "Workshop", "Parts"),
    _place("عيادات الريان", "مريم البلوشي", _OM),
    _place("Desert Rose Flowers", "Layla Aziz", _AE),
    _place("مكتبة دار المعرفة", "خالد الزنتاني", _LY),
    _place("Cairo Fitness House", "Karim Nabil", _EG, "Members"),
    _place("مركز الأسرة السعيدة", "سعاد الشمري", _KW),
    _place("Jeddah Home Services", "Tariq Bakr", _SA, "Dispatch", "Complaints"),
    _place("معهد الأفق للتدريب", "إيمان السيد", _EG),
    _place("Muscat Marine Supplies", "Said Al-Lawati", _OM),
    _place("مغسلة البرق", "فيصل المطيري", _KW),
    _place("Sahara Car Rental", "Nadia Belhaj", _LY, "Bookings", "Roadside"),
    _place("مركز الجمال الملكي", "ريم الدوسري", _SA, "Women", "Men"),
    _place("Emirates Pet Clinic", "Sara Khalil", _AE, "Reception", "Emergency"),
    _place("شركة المدار للشحن", "عادل المصراتي", _LY, "Tracking", "Sales"),
    _place("Alexandria Books", "Youssef Samir", _EG),
    _place("مخبز السنابل", "حمد الراشدي", _OM),
    _place("Riyadh Real Estate Desk", "Majed Al-Harbi", _SA, "Rent", "Sales"),
    _place("مركز العيون الحديث", "هالة إبراهيم", _EG),
    _place("Salmiya Opticians", "Dalal Al-Sabah", _KW),
    _place("مدرسة براعم المستقبل", "أمل الكعبي", _AE, "Parents", "Transport"),
    _place("Tripoli Steel Trading", "Hani Swehli", _LY),
    _place("عيادة الابتسامة", "بدر العجمي", _KW),
    _place("Nizwa Heritage Hotel", "Amina Al-Busaidi", _OM, "Front desk"),
    _place("مركز صيانة الجوال", "ياسر الغامدي", _SA),
    _place("Giza Pharmacy Group", "Rania Adel", _EG, "Orders", "Refills"),
    _place("مؤسسة الرواد للمقاولات", "ناصر الهاشمي", _OM),
    _place("Dubai Event Planners", "Leila Farah", _AE),
    _place("مزرعة الزيتون", "سالم بن عمران", _LY),
    _place("Dammam Logistics", "Hassan Al-Qarni", _SA, "Dispatch", "Accounts"),
    _place("مركز الطفل السعيد", "شيماء فؤاد", _EG, "Reception"),
    _place("Hawalli Music School", "Jassim Marafi", _KW),
    _place("مطبخ أم أحمد", "عائشة السويدي", _AE),
    _place("Sohar Building Materials", "Khalfan Al-Maqbali", _OM),
)
